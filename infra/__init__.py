"""What only looks on, or runs on an engineer's machine: the ops command, the local stack, the demo, leaf templates."""
