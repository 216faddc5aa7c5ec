"""The dashboard: one HTML page that opens offline.

`data` defines what is shown, `essence` what it comes to; a module for each part of the page turns that
into words, a table and Vega-Lite charts; `page` puts all of it, and the script that draws it, into one file.
"""
