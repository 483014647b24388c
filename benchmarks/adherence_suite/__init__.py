"""What `adherence.py` is made of: the tasks, the strategies, how they are asked, counted, told."""
