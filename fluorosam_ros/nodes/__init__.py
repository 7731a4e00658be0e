"""One ROS 2 node a file, each its own process."""
