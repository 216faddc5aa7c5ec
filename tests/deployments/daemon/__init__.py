"""What `rhythm up` keeps alive."""
