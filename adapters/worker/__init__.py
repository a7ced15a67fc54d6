"""What runs beside requests: timers, jobs and the sweep of old rows."""
