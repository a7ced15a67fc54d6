"""Services in other places, asked over the network: each an implementation of a port, through its own library where it has one."""
