"""From sound to the text of a prompt: recognisers, their agreement, utterances. Nothing here knows ROS."""
