"""When jobs ran: cron's fields, systemd's calendar events, and how often triggers come."""
