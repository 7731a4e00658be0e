"""Phrases of the command language for shots, the field, centering, and going back, as patterns over plain text."""

from __future__ import annotations

import re

_PICTURE = (
    r"(?:x ray |xray |fluoro |spot |check |control |scout |single |quick |fresh |new |plain |updated |current |static "
    r"|good |nice |better )*"
    r"(?:shot|image|picture|x ray|xray|exposure|radiograph|frame|spot film|spot|snapshot|snap|still|photo|photograph)"
)
_WINDOW = r"field(?: of view)?|aperture|beam|jaws|leaves|diaphragms?|iris"
BLADES = rf"(?:collimators?|collimation|collimator blades|shutters?|blades|cones?|coning|{_WINDOW})"
_PLACE = r"(?:image|view|field|screen|picture|x ray|monitor|display|frame|shot)"
_MIDDLE = rf"(?:the |dead )*(?:middle|(?:iso ?)?(?:center|centre))(?: of (?:the |my |our )?{_PLACE})?"
_POSE = r"(?:view|position|pose|angle|place|location|setting|spot|setup)"

_ONE = r"(?:(?:a|an|one|another|one more|the|the next|that|this|a new|a single|just one|(?:a|one|the) (?:last|final)) )"
_HERE = (
    r"(?: (?:here|there|now|again|like this|from (?:here|there)"
    r"|(?:of |in |at |from )(?:this|the current|the present|that) "
    r"(?:position|view|angle|pose|spot)))?"
)
SHOT = re.compile(
    rf"(?:retake|reshoot|repeat|redo)(?: (?:it|(?:the |that |this )(?:last )?{_PICTURE}))?|{_PICTURE} now|snap(?: it| "
    rf"one)?|snapshot|exposure|"
    r"(?:a |another |one more )(?:quick |fresh |new )?(?:look|peek)|picture|photo|"
    r"(?:spot|scout|check) (?:film|image|shot|view)|"
    rf"capture(?: (?:it|this|one))?|grab (?:one|it)|image (?:it|this|again|now|here)|(?:take|have|get) (?:a|another"
    rf"|one more) (?:quick )?(?:look|peek)|take a quick look|"
    r"(?:refresh|update|renew) (?:the )?(?:image|picture|view|x ray)|"
    r"(?:shoot|expose)(?: it)? once more|(?:shoot|fire|give|take)(?: me| us)? (?:one|a) spot (?:film|shot)|"
    r"shoot(?: it| one| again| now| once)?|spot|shot|expose(?: once| now)?|x ray|xray|acquire|one more|another one"
    r"|fire(?: off)? a shot"
    rf"|(?:take|acquire|make|get|shoot|grab|snap|do|fire|capture|have|see|pull|record|show|fire off|i ll take)(?: me| "
    rf"us)? "
    rf"{_ONE}?{_PICTURE}{_HERE}"
    rf"|(?:one|another|one more|a new|new|next|last|one last|a last|final|single|quick|fresh|spot|fluoro|a|an|a single"
    rf"|a quick|the next) "
    rf"{_PICTURE}{_HERE}"
    rf"|(?:one more|another) of (?:those|these) (?:{_PICTURE}s?|exposures)"
    r"|(?:take|get|do|shoot|fire|grab|snap|acquire|pop|rattle) (?:off )?(?:another|one more|one|a second)(?: one)?"
    r"(?: off)?"
    r"|(?:x ray|xray|expose|shoot) (?:here|there)"
)
SHOT_OF = re.compile(
    rf"(?:(?:take|acquire|make|get|grab|snap) (?:a|an|another|one|me a) {_PICTURE} of|shoot|expose|x ray|xray) .+"
)
_WIDE = (
    r"(?:fully|completely|right up|up|wide|to the edges?|right back|straight back|back|apart|wide open|all the way"
    r"|entirely|totally|again|back up|out|to the (?:max|maximum|limit|full))"
)
OPEN = re.compile(
    rf"(?:fully |completely )?(?:open|pull|push|bring|take|move|let) (?:up )?(?:the |all the )?{BLADES}(?: (?:back"
    rf"|open))?(?: {_WIDE})+"
    rf"|(?:fully |completely )?open (?:up )?(?:the |all the )?{BLADES}(?: {_WIDE})*"
    rf"|open (?:the )?{BLADES} to the (?:whole|full|entire) (?:detector|field|size)|open(?= )(?: it| her| "
    rf"everything)?(?: up"
    rf"| out)?(?: {_WIDE})*"
    rf"|(?:the )?{BLADES} (?:{_WIDE} )*open(?: {_WIDE})*|(?:all )?(?:the )?(?:collimators?|collimation|blades"
    rf"|shutters?) "
    rf"(?:all the way |right )?(?:off|out|away)"
    rf"|(?:remove|undo|reset|release|clear|take off|lose|drop|take away|get rid of) (?:the |all |all the |any "
    rf")?{BLADES}"
    rf"|(?:take|get) (?:the |all the )?{BLADES} (?:right )?(?:off|away|out)(?: of the (?:way|image|picture|view))?"
    rf"|open (?:up "
    rf")?everything|uncollimate|un collimate"
    r"|(?:(?:give|show) (?:me|us) |use |go (?:back )?to |back to |i (?:want|need) |set )?(?:the |a )?(?:full|whole"
    r"|entire|maximum|max|open|fully open|widest) "
    r"(?:field(?: of view)?|detector|collimators?|image|picture|opening|aperture|view)"
    rf"|(?:retract|withdraw|clear away) (?:the |all the |all )?{BLADES}(?: {_WIDE})*|all blades out|go (?:full"
    rf"|wide)(?: field| open)?|full (?:frame|size)"
    rf"|(?:open )?(?:the )?(?:{BLADES} )?(?:open )?as (?:wide|far|big) as (?:it|they|you|possible)(?: (?:goes|go|can"
    rf"|will))*|(?:the )?{BLADES} (?:to|at) (?:the )?(?:max|maximum|full|widest)(?: (?:opening|size))?"
    r"|zoom (?:all the way )?out (?:fully|completely|all the way)|(?:full|fully|wide) open|un ?cone|decollimate"
    r"|(?:all the way|wide|fully) open"
)
# "center of the heart" names a place, it commands nothing: hence no "of" after the verb.
CENTER = re.compile(
    rf"(?:make sure(?: that)?|(?:move|shift|go|adjust|arrange|set|position|drive|come|slide)"
    rf"(?: (?:it|us|over|across|the (?:c arm|beam|position|image|view)))*(?: "
    rf"(?:so|that|until|till|to get|to have|to put|to bring))+) (?P<so>.+?) (?:is|are|s|sits|sit|lies|ends up|comes "
    rf"out)(?: (?:bang|right|smack|dead"
    rf"|slap))? (?:(?:in|at|on) (?:{_MIDDLE}|mid (?:image|picture|screen|field))|cent(?:er|re|ere)d)|"
    r"(?:(?:go|get|move|come|be|sit|stay) )?on top of (?P<top>.+)|line (?:it|us|yourself|the (?:beam|c arm|image|view"
    r"|field)) up"
    r" (?:with|on|over) (?P<lined>.+)|"
    r"(?:(?:shift|move|adjust|reposition|pan)(?: (?:it|us|the (?:c arm|beam|image|view|field)))? to )?"
    r"(?:re ?|iso ?)?cent(?:er|re|ring|ering)(?: (?:the |your )?(?:image|picture|screen|shot|frame|detector|machine"
    r"|gantry|view|c arm|beam|field|us|me|yourself|it(?= (?:on|at|over"
    r"|around))))?"
    r"(?: up(?= (?:on|over|at|around) ))?(?: (?:it )?(?:on|at|over|onto|to|around|in on|upon))?"
    r"(?: (?!of\b)(?P<what>.+?)(?: up)?)?"
    r"|(?:bring|get|put|move) (?P<view>(?!me |us |it up).+?) (?:back )?(?:in|into) (?:view|sight|frame|"
    r"(?:the )?(?:picture|image))"
    rf"|(?:put|bring|get|move|place|have|position|want|keep|pull|push|drag|set|shift|slide|pop|stick|shove|drop|plonk"
    rf"|line up|line)(?: me)? (?P<put>.+?)(?: "
    rf"(?:over|back|up|down|bang|right|smack|dead|slap))? (?:in|into|to|at|on) {_MIDDLE}"
    rf"|(?P<placed>.+?)(?: (?:over|back|up|down|bang|right|smack|dead|slap))? (?:in|into|to|at|on) {_MIDDLE}"
    rf"|(?:(?:put|get|bring|have|want|keep|place|set) )?(?P<dead>.+?) dead cent(?:er|re)"
    rf"(?: of (?:the |my )?{_PLACE})?"
    r"|(?:put|bring|set|place|line|get|position|swing|move|take) (?:(?:me|us|it|yourself|the "
    r"(?:c arm|beam|detector|image|view"
    r"|gantry|arm|carm|machine|unit|scanner|imager|tube|camera|image intensifier|iso ?cent(?:er|re)|cross ?hairs?)) )"
    r"(?:up |back |down |right |round )?(?:on|over|onto|above|across|to(?! (?:lao|rao|cran|caud|#|\d))) "
    r"(?P<on>.+)"
    r"|(?:to )?be (?:on|over|above|at) (?P<be>.+)"
    r"|(?:to )?(?:(?:have|get|keep|be)(?: (?:me|us|it|the (?:c arm|beam|image|view|field)))? |"
    r"(?:the )?(?:c arm|beam|image|view|field|picture) )?cent(?:ered|red) (?:up "
    r")?(?:on|over|at) (?P<have>.+)"
    rf"|(?:middle|{_MIDDLE}) on (?P<middle>.+)|target (?P<target>.+)"
    r"|(?:go|move|drive|focus|come|slide|travel|aim|point|line up|line|home|swing|navigate|track|scroll|hop|drift|head"
    r"|jump|get|pull|target|lock"
    r"|hover|park|position|reposition|fly|scoot|run|zip|cruise|proceed|steer|roll(?= (?:over|across) (?:to|on|onto) )"
    r"|shift|pan|be|stay)(?: (?:in|over|across|back|it|up|down|on|straight))*"
    r"(?: (?:the )?(?:c arm|(?:x ray )?beam|view|image|field|central (?:ray|beam)|ray|cross ?hairs?|iso ?center|iso "
    r"?centre"
    r"|detector))?(?: over)? (?:to|on|over|onto|at|for|(?<=line up )with) (?P<go>.+)"
    r"|over (?!to )(?P<above>(?!.*\d (?:deg|mm|cm)).+)|(?:(?:take|bring|get) (?:me|us|it) (?:over )?(?P<to>there))"
    r"|(?:go|move|come|drive) (?P<there>there)|(?:shift|move|adjust|slide|pan|bring|get|set|position)(?: (?:it|us|me"
    r"|the (?:c arm"
    r"|beam|image|view|field)))? so(?: that)? (?:it|we|you|the (?:c arm|beam|image|view|field))(?: (?:is|are|re|s"
    r"|sits))? "
    r"(?:cent(?:er|re)ed|centred) (?:up )?(?:on|over|at) (?P<shifted>.+)|central on (?P<central>.+)"
    r"|(?:zero in|hone in|square up|sit|settle|work|concentrate|land|rest|train|fix)(?: (?:it|the (?:beam|c arm"
    r"|image)))? (?:up )?(?:on|over) (?P<settle>.+)"
    r"|(?:take|bring|get|send) (?:me|us)(?: (?:over|up|down|across))? to (?P<me>.+)|(?:over|across|on|down|up) to "
    r"(?P<over>.+)"
    r"|(?:(?:get|have|want|keep) )?(?P<centred>.+?) (?:cent(?:ered|red)(?: (?:in|on) (?:the )?(?:image|picture|view"
    r"|field(?: of view)?|screen|frame|monitor))?|(?:in|on) the cross ?hairs?|front and "
    r"cent(?:er|re)|in cent(?:er|re) frame)"
    rf"|make (?P<made>.+?) {_MIDDLE}"
)
COLLIMATE = re.compile(
    rf"(?:{BLADES}(?: (?:in|down|close|tight))?(?= (?:to|on|onto|around) )|"
    rf"(?:set|put|fit|adjust|position|place|bring|move|pull|use|make|match|cut|size) (?:the )?{BLADES}"
    r"(?: (?:in|down|close|tight|tightly|closely))*(?= (?:to|on|onto|around|for|just) )|"
    r"(?:coned|collimated|coned down|tight) (?:view|image|picture|field)(?= (?:of|on) )|"
    r"(?:use |with )?(?:tight |close |narrow |tighter )?(?=collimation |collimation$)collimation|"
    r"(?:(?:have|want|like|get|keep) )?(?:it|us|the (?:image|view|picture|field|beam)) (?:coned|collimated|cropped)|"
    r"collimate|collimating|collimation|cone|coning|crop|zoom in on|zoom into|close (?:in|down|up)|narrow(?: it)? "
    r"(?:in|down)|trim|"
    rf"(?:restrict|narrow|limit|tighten|shrink|reduce|trim) (?:the )?(?:{BLADES}|(?:exposed )?area|exposure|radiation"
    rf"|x ?rays?)|"
    rf"(?:close|shut) (?:in )?(?:the )?{BLADES}(?: in| down)?|bring (?:in (?:the )?{BLADES}|(?:the )?{BLADES} "
    rf"(?:in|down))|box|frame|tighten|shutter)"
    r"(?: (?:it(?= )|the (?:image|view|picture|field|beam)))?(?: (?:tightly|tight|closely))?(?: (?:up|down|in))*"
    r"(?: (?:to|on|onto|around|round|over|about|upon|of|for|so that it shows))?(?: (?:just|only))?(?: "
    r"(?P<what>.+?)(?: with (?:the )?(?:collimators?|blades|shutters?|cones?))?)?"
)
NAME_FIRST = re.compile(
    r"(?P<what>.+) and (?:please )?(?P<verb>(?:re ?)?cent(?:er|re)|collimate|cone down|cone)"
    r"(?: (?:on |to |around )?(?:it|that|them|there|(?:them )?both))?(?: please)?"
)
"""The structure before the verb, set apart by a comma."""

_WERE = (
    r"(?:where|how|what|the way) (?:we|you|it|i|that|things|everything)(?: just)? (?:were|was|had (?:it|been)|came "
    r"from|started(?: from)?|began)"
    r"(?: (?:at|just before|before(?: (?:this|that)(?: one| move)?)?|earlier|just now|a (?:moment|minute|second) ago"
    r"|previously))*"
)
_FORMER = rf"(?:the |our |its |that )?(?:previous|last|old|former|prior|earlier) (?:{_POSE}|one|step)"
_BEFORE = (
    rf"(?:{_WERE}|{_FORMER}|(?:the )?{_POSE} (?:(?:just )?before(?: (?:this|that)(?: one)?)?"
    r"|(?:we|you) (?:had|were in)(?: (?:just )?before(?: (?:this|that)(?: one)?)?| a (?:moment|minute|second) ago)?)"
    r"|(?:the )?one before(?: (?:this|that)(?: one)?)?|before)"
)
_LAST_MOVE = (
    r"(?:(?:the |that |my |your )?(?:last |previous )?(?:move|motion|movement|step|one|command|action|rotation|tilt"
    r"|turn|shift|adjustment|change))"
)
GO_BACK = re.compile(
    rf"(?:(?:go|move|come|get|take|bring|put|swing|turn|drive|return|step|switch|jump)(?: (?:it|us|me|everything|the "
    rf"c arm))* )?back(?: (?:to|up to))? {_BEFORE}"
    rf"|(?:return|revert|go|move|reset|restore|recall)(?: (?:it|us|the c arm))?(?: to)? {_BEFORE}"
    rf"|(?:the )?{_FORMER}|(?:where|the way) we were(?: before)?"
    r"|(?:go|move|come|get|take|bring|put|swing|turn|drive|step|return|backtrack)(?: (?:it|us|me|the c arm))* back(?: "
    r"(?:one step|one|a step|one move|there|again|up one step))?"
    rf"|(?:undo|revert|reverse|take back)(?: (?:it|that|this|{_LAST_MOVE}))*|take (?:that|it|{_LAST_MOVE}) back"
    rf"|(?:(?:one|1) )?step back(?: (?:one|1|a) (?:{_POSE}|step|move))?|one back|return|backtrack"
)
SAVE = re.compile(
    rf"(?:save|remember|store|keep|memori[sz]e|bookmark|record|(?:hang|hold) on to)"
    rf"(?: (?:it|this|that|the current|the present|the|where "
    rf"we are(?: (?:right )?now)?|here|our))?(?: current| one)?(?: {_POSE})?"
    r"(?: here)? (?:as|under|under the name|with the name|by the name)(?: (?:the name|of))? (?P<as>.+)"
    rf"|(?:save|store|bookmark) {_POSE} (?P<short>\w+ (?:one|two|three|four|five|six|seven|eight|nine|\d+))"
    rf"|give (?:it|this|that|the current)(?: {_POSE})? the (?:label|name|tag) (?P<label>.+?)"
    r"(?: and (?:keep|save|store|remember) it)?"
    rf"|(?:call|name|label|tag) (?:it|this|that|here|the current)(?: one)?(?: {_POSE})? (?:as )?(?!off$)"
    rf"(?P<call>.+?)(?: and (?:keep|save|store|remember) it)?"
    rf"|(?:save|remember|store|keep|memori[sz]e|bookmark)(?: (?:it|this|that|the current))?(?: {_POSE})? and (?:call"
    rf"|name"
    rf"|label) (?:it|this|that) (?P<called>.+)"
    rf"|(?:save|store|remember|bookmark) {_POSE} (?P<number>(?:number )?\w+)"
    rf"|mark (?:this|the current) {_POSE} as (?P<mark>.+)"
)
SAVE_UNNAMED = re.compile(
    r"(?:save|remember|store|keep|memori[sz]e|bookmark)(?: (?:this|that|it|the current|where we are|here))"
    rf"(?: {_POSE})?"
    rf"|(?:save|store|memori[sz]e|bookmark)(?: (?:the )?{_POSE})?"
)
RECALL = re.compile(
    r"(?:go|move|return|come|drive|swing|jump|switch|get|take|bring|recall|restore|load|pull|call|show|use|back|put"
    r"|set)\b.*"
    rf"|(?:the |my |our |saved |stored )*{_POSE} .+|.+ {_POSE}"
)
_RECALL_WORDS = """
go move return come drive swing jump switch get take bring recall restore load pull call show use back put set me us
it to up at in into on over the my our that saved stored remembered memorized memorised bookmarked called view
position pose angle place location setting spot setup number one as and called named we i you again from under have
had please now c arm where
"""
RECALL_WORDS = frozenset(_RECALL_WORDS.split())
"""All that may be said beside the name of a saved view."""
