"""What can be known of a script before it runs: is it valid, and does it take its arguments?"""
