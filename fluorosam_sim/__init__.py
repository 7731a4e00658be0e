"""The digital twin: anatomy, geometry, C-arm, patients and rendering. Needs numpy, neither torch nor ROS."""
