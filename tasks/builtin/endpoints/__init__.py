"""The services of `[[endpoints]]`: how each is asked, judged, routed to and restarted."""
