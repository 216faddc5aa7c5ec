"""What there is to see of this machine: its vitals, disks, processes, and how fast it is."""
