"""What jobs ran: from a command line to the script that it starts."""
