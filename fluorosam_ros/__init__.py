"""The top floor: ROS 2 nodes, messages and launch around fluorosam_sim and fluorosam_model."""
