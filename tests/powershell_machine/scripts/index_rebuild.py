"""Which words stand in which note."""

import json
import re

from diary import DATA, written_down

with written_down("index_rebuild"):
    text = DATA.joinpath("notes.md").read_text(encoding="utf-8")
    index = {word: text.count(word) for word in sorted(set(re.findall(r"\w+", text)))}
    DATA.joinpath("index.json").write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")
    print(f"색인: {len(index)} words")
