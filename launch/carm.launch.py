"""The graph on a ROS 2 install: ros2 launch fluorosam_ros carm.launch.py patient:=chest rviz:=true."""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from fluorosam_ros.bringup import ARGUMENTS, PACKAGE, table
from fluorosam_ros.environment import share
from launch import LaunchDescription


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nodes(context):
    values = {a.name: a.from_text(LaunchConfiguration(a.name).perform(context)) for a in ARGUMENTS}
    namespace = LaunchConfiguration("namespace").perform(context)
    return [
        LifecycleNode(
            package=PACKAGE,
            executable=entry.executable,
            name=entry.name,
            namespace=entry.namespace,
            remappings=entry.remappings,
            parameters=[LaunchConfiguration("params").perform(context), entry.parameters],
            output="screen",
        )
        for entry in table(values, namespace)
    ]


def generate_launch_description():
    arguments = [
        DeclareLaunchArgument(a.name, default_value=_text(a.default), description=a.description) for a in ARGUMENTS
    ]
    return LaunchDescription(
        [
            *arguments,
            DeclareLaunchArgument(
                "params", default_value=str(share("config", "carm.yaml")), description="parameter file"
            ),
            DeclareLaunchArgument("namespace", default_value="", description="for a second C-arm in the graph"),
            DeclareLaunchArgument("rviz", default_value="false", description="also start RViz"),
            OpaqueFunction(function=_nodes),
            Node(
                package="rviz2",
                executable="rviz2",
                arguments=["-d", str(share("config", "carm.rviz"))],
                condition=IfCondition(LaunchConfiguration("rviz")),
            ),
        ]
    )
