"""The families of tools, one thematic file for each group of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """A family of tools. key: stable identifier. name, plural: in plain English. aliases: other names of the kind."""

    key: str
    name: str
    plural: str
    aliases: tuple[str, ...] = ()


FAMILIES: tuple[Family, ...] = (
    Family("k_wires", "wire or pin", "wires and pins", ("K-wires", "pins", "cerclage wires")),
    Family("guide_wires", "guide wire", "guide wires", ("guidewires", "wires")),
    Family(
        "cannulated_screws", "cannulated screw", "cannulated screws", ("hollow screws", "lag screws", "bone screws")
    ),
    Family("cortical_screws", "cortical screw", "cortical screws", ("cortex screws", "bone screws")),
    Family("cancellous_screws", "cancellous screw", "cancellous screws", ("spongiosa screws", "bone screws")),
    Family("locking_screws", "locking screw", "locking screws", ("locking head screws", "bone screws")),
    Family("pedicle_screws", "pedicle screw", "pedicle screws", ("spine screws", "vertebral screws")),
    Family("rods", "spinal rod", "spinal rods", ("rods", "spinal instrumentation")),
    Family("cages", "spinal cage", "spinal cages", ("interbody cages", "spacers", "disc implants")),
    Family("plates", "bone plate", "bone plates", ("plates", "osteosynthesis plates", "fixation plates")),
    Family("nails", "intramedullary nail", "intramedullary nails", ("nails", "IM nails", "nail hardware")),
    Family("hip_prostheses", "hip prosthesis", "hip prostheses", ("hip replacement parts", "hip implants")),
    Family("knee_prostheses", "knee prosthesis", "knee prostheses", ("knee replacement parts", "knee implants")),
    Family("joint_prostheses", "joint prosthesis", "joint prostheses", ("joint replacements", "arthroplasty implants")),
    Family("drills", "drill", "drills", ("drill bits", "drilling instruments")),
    Family("taps", "bone tap", "bone taps", ("taps", "thread cutters")),
    Family("reamers", "reamer", "reamers", ("reaming instruments",)),
    Family("drivers", "screwdriver or awl", "screwdrivers and awls", ("drivers", "hand instruments")),
    Family("chisels", "chisel", "chisels", ("osteotomes", "bone cutting instruments")),
    Family("retractors", "retractor", "retractors", ("wound retractors", "spreaders")),
    Family("forceps", "forceps", "forceps", ("tweezers", "grasping instruments")),
    Family("clamps", "clamp", "clamps", ("haemostats", "holding instruments")),
    Family("scissors", "scissors", "scissors", ("cutters", "ring-handled instruments")),
    Family("scalpels", "scalpel", "scalpels", ("knives", "blades")),
    Family("needles", "needle", "needles", ("injection and biopsy needles",)),
    Family("trocars", "trocar or scope", "trocars and scopes", ("ports", "laparoscopic instruments")),
    Family("catheters", "catheter", "catheters", ("lines", "vascular catheters")),
    Family("stents", "stent", "stents", ("stent grafts", "endoprostheses of vessels")),
    Family("coils", "coil or occluder", "coils and occluders", ("coils", "embolics")),
    Family("valves", "prosthetic heart valve", "prosthetic heart valves", ("heart valves", "valves")),
    Family("tubes", "tube", "tubes", ("airway and feeding tubes",)),
    Family("drains", "drain", "drains", ("surgical drains",)),
    Family("leads", "lead or generator", "leads and generators", ("leads", "electrodes", "cardiac devices")),
    Family("staples", "staple", "staples", ("surgical staples",)),
    Family("clips", "clip", "clips", ("surgical clips",)),
    Family("markers", "marker", "markers", ("radiopaque markers", "fiducials")),
    Family("rulers", "ruler", "rulers", ("scales", "measuring devices")),
    Family("phantoms", "phantom", "phantoms", ("test objects", "quality phantoms")),
    Family("fixators", "external fixator part", "external fixator parts", ("external fixator", "ex-fix")),
)
