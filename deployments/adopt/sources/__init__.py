"""What other schedulers have registered: from text to jobs, a file for each format."""
