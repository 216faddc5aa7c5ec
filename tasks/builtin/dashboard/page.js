"use strict";

// Vega's own interpreter (ast) needs no eval, which the page does not allow itself.
const { config, charts } = JSON.parse(document.getElementById("charts").textContent);
const options = {
  actions: false,
  ast: true,
  config,
  defaultStyle: false,
  renderer: "svg",
  tooltip: { disableDefaultStyle: true },
};

async function draw(name, spec) {
  const place = document.getElementById(name);
  try {
    await vegaEmbed(place, spec, options);
    place.dataset.drawn = "yes";
  } catch (error) {
    place.textContent = `This chart could not be drawn (${error.message}). Its figures are in the table.`;
    throw error;
  }
}

const all = Object.entries(charts).map(([name, spec]) => draw(name, spec));
Promise.allSettled(all).then(() => {
  document.documentElement.dataset.ready = "yes";
});
