"""What the nodes decide, in plain Python without ROS: command language, centering, collimation, interlock rules."""
