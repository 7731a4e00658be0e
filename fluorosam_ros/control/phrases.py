"""The fixed phrases of the command language, as patterns over plain text (see ``plain_text``).

Each is for a whole text, unless it says that it is searched. Those of the motions are in ``motion_phrases``.
"""

from __future__ import annotations

import re

from fluorosam_ros.control.command_types import DoseLevel

# "Robot" is an address, and gone.
_SYSTEM = r"(?: the| (?:the )?(?:system|(?:c arm|device|machine|unit)(?: system)?|it|yourself))?"
_MASKS = (
    r"(?:segmenting|segmentations?|outlining|outlines?|tracking|highlighting|highlights?|masks?|overlays?|contours?|"
    r"marking|markings?|annotations?|colou?rs|drawings?|showing|displaying|painting|contouring|labels?|labelling"
    r"|labeling)"
)
_FLUORO = (
    r"(?:the |some )?(?:pulsed |live )?(?:fluoro(?: run| beam| mode)?|fluoroscopy|screening|live (?:mode|screening"
    r"|imaging|images?|x ?rays?|fluoro|view|video|picture)|"
    r"(?:continuous|real ?time) (?:fluoro|x ?rays?|imaging|images?|video|exposure))"
)
_CARM = r"(?:the )?(?:c arm|carm|gantry|we|you|machine|arm)"

STOP = re.compile(r"\b(?:s+t+o+p+(?:ped|ping)?|stpo|sotp|estop|halt+|freeze|abort|emergency)\b")
"""Searched, not matched: one of these anywhere stops."""

STOP_ALONE = re.compile(
    r"(?:wait|hold|hang)(?: (?:on|it|still|up|everything|there|that|here|right there))*(?: (?:a|one|just a) (?:second"
    r"|sec|moment|minute))?"
    r"|no(?: no)*|no (?:don t|dont|do not|wait)"
    r"|pause|whoa(?: there)?|cease|don t|dont|(?:do not|dont|don t) (?:move|go|continue)(?: (?:on|it|any "
    r"?more|any further|further|now))*|nobody move"
    r"|(?:ok )?(?:that s |that is |thats )?(?:enough|far enough)|(?:stay|stand)(?: right)? (?:there|still|put|where "
    r"you are)|wait(?: wait)+|quit (?:it|moving)|kill (?:it|everything|the (?:motion|motors?|power|movement))|(?:cut"
    r"|knock) it out|cut|shut (?:it|everything|the c arm) down"
    r"|(?:that ll|that will) do|no (?:further|more)|not any further|hold your (?:position|horses)|stand by|watch out"
    r"|careful|let go|whoa(?: whoa)+|break off"
)
"""These stop only when nothing else is said."""

CANCEL = re.compile(r"\b(?:cancel(?:led|ling)?|never ?mind)\b")
"""Searched: one of these anywhere ends what is under way, and nothing new begins."""

CANCEL_ALONE = re.compile(
    r"(?:forget|scratch|scrub|drop|leave|skip|discard|scrap|ignore)(?: about)? (?:it|that|this|the (?:last )?(?:command"
    r"|request|move|motion))"
    r"|call (?:it|that|this) off|(?:don t|do not|dont) bother|changed my mind|i changed my mind|i ve changed my mind"
)

_MAY_GO = (
    r"(?:can|may|could|should) (?:now )?(?:go|disappear|vanish|come off|be (?:removed|cleared|hidden|dropped))"
    r"(?: away)?(?: now| again)?"
)
_RID = (
    r"(?:get rid of|lose|take away|take down|wipe(?: off)?|kill|ditch|rub out|scrub|efface|erase|scrap|bin|dump|blank"
    r"(?: out)?|knock off)"
)
STOP_SEGMENTING = re.compile(
    rf"(?:stop|cancel|end|finish|quit) (?:with )?(?:the |all |all the )?{_MASKS}(?: (?:of |on )?(?P<what>.+))?"
    rf"|(?:clear|hide|remove|delete|erase|drop) (?:all )?(?:of )?(?:the |these |those )?{_MASKS}"
    rf"|(?:clear|hide|remove|delete|erase|drop|take) (?:every|each|any) {_MASKS}(?: (?:off|from|in|on)(?: (?:the|this) "
    r"(?:screen|image|picture|view))?)?"
    r"|(?:clear|hide|remove) (?:all )?(?:the )?prompts?"
    rf"|(?:clear|hide|remove|delete|erase|drop) (?:the )?{_MASKS} (?:of|on|from|around|for) (?P<of>.+)"
    rf"|(?:clear|hide|remove|delete|erase|drop|no more) (?P<its>.+?)(?: s)? {_MASKS}"
    rf"|(?:turn|switch|take) (?:off )?(?:all )?(?:the )?{_MASKS}(?: off| away)?|(?:all )?(?:the )?{_MASKS} (?:off"
    rf"|away|gone)"
    rf"|(?:get rid of|lose|wipe|take away|take off|clean up|clean|kill|no(?: more)?)"
    r" (?:all |every |any )?(?:of )?(?:the |these |those "
    rf")?{_MASKS}(?: (?:at all|any ?more|any longer))*"
    rf"|(?:take|get|turn|switch) (?:all |every |any )?(?:of )?(?:the |these |those )?{_MASKS} (?:off|away)"
    r"|(?:clear|clean|clean up|wipe|reset) (?:the |off the |up the )?(?:screen|image|picture|display|view)(?: clean| "
    r"clear)?"
    rf"|(?:clear|remove|get|take|wipe|hide) (?:all )?(?:of )?(?:the |all the )*{_MASKS} (?:off|from|out of) (?:the "
    rf")?(?:screen|image|picture|view)"
    rf"|(?:hide|remove|clear) (?:all )?(?:of )?(?:the )?(?:structures|organs|bones)"
    rf"|(?P<named>(?!(?:take|get|turn|switch|put) ).+) (?:outline |mask |overlay )?off"
    r"|(?:remove|clear|hide|erase|delete) (?P<all>everything|all|them all|all of them)|(?:unsegment|drop) (?P<drop>.+)"
    rf"|(?:take|get|remove|clear) (?:the |all )*{_MASKS} (?:off|from|away from) (?P<off>.+)|(?:take|get) "
    rf"(?P<from>.+?)(?: s)? {_MASKS} (?:off|away|down)(?: (?:of |from )?(?:the )?(?:screen|image|picture|view"
    rf"|display))?"
    rf"|(?:i |we )?(?:do not|don t|dont|no longer) (?:need|want) (?:the |any |these |those )?{_MASKS}(?: (?:any ?more"
    rf"|any longer|now))?"
    rf"|(?:that s )?enough (?:with |of )?(?:the |these )?{_MASKS}"
    rf"|no (?:more )?{_MASKS}(?: (?:of|on|for) (?P<no>.+))?"
    rf"|(?:the )?{_MASKS} (?:of|on|around|for|over) (?P<gone>.+?) {_MAY_GO}|(?P<its_gone>.+?)(?: s)? {_MASKS} {_MAY_GO}"
    r"|(?:do not|don t|dont|no longer) (?:outline|segment|highlight|mark|track|show) (?P<not>.+?)"
    r"(?: (?:any ?more|any longer|now))?"
    rf"|{_RID} (?P<rid>.+?)(?: s)? {_MASKS}"
    rf"|{_RID} (?:the |all )*{_MASKS} (?:on|of|around|over|from) (?P<ridof>.+)"
    rf"|(?:turn|switch) off (?:the |all )*{_MASKS} (?:on|of|around|over|from|for) (?P<offof>.+)"
    rf"|no more {_MASKS} (?:on|of|around|over|for) (?P<nomore>.+)"
    rf"|(?:turn|switch) (?:off )?(?:all |every |any )(?:of )?(?:the )?{_MASKS}(?: off)?"
    r"|(?:(?:i m|we re|i am|we are) )?(?:done|finished|through) with (?P<done>.+)|clean (?:image|picture|screen)"
    r"|(?:take|get|clear|wipe) (?:(?:it|that|this|them|those|these|all|everything) )*(?:of (?:it|that|them) )?off"
    r"(?: of)? (?:the )?(?:screen|image|picture)"
    rf"|(?:turn|switch) off (?:the )?(?P<turned>.+?)(?: s)? {_MASKS}"
    r"|take (?P<taken>(?!(?:it|that|this|them|those|these) ).+) (?:off|away)(?: again| now)?"
    r"|(?:hide|unmark|unhighlight|remove|erase|delete|clear|forget) (?P<hide>.+?)(?: again| now)?"
    rf"|(?:i |we )?(?:do not|don t|dont|no longer) (?:need|want)(?: to see)? (?P<need>.+?)(?: s)?"
    rf"(?: {_MASKS}| (?:high|out)?"
    r"(?:lighted|lined|marked|shown|segmented))?"
    r"(?: (?:any ?more|any longer|now))?"
)
EVERYTHING = re.compile(
    r"(?:it |them )?(?:all|everything|anything|all of (?:it|them|that)|(?:all )?(?:of )?(?:the )?(?:structures|organs"
    r"|bones))(?: any ?more)?"
)
_E_STOP = r"(?:the )?(?:emergency |e )(?:stop|off)(?: button)?"
_UNLATCH = r"(?:reset|release|clear|unlock|unlatch|lift|disengage)"
RESET = re.compile(
    rf"reset|(?:(?:do|perform|make) (?:a |the )?)?{_UNLATCH}(?: of)? (?:the )?(?:emergency |e )?(?:e?stop|off)"
    rf"(?: button)?(?: and {_UNLATCH} it)?"
    rf"|(?:the )?e stop {_UNLATCH}(?: it)?(?: now)?|the emergency stop(?: and)?(?: please)? {_UNLATCH}(?: it)?(?: now)?"
    rf"|(?:get|have|(?:i|we) (?:need|want)) {_E_STOP} (?:reset(?:ting)?|released|cleared|unlatched)"
    rf"|(?:can|could|may) {_E_STOP} be (?:reset|released|cleared|unlatched)(?: and {_UNLATCH})?"
    rf"|(?:acknowledge and |(?:you )?(?:may|can) (?:now )?){_UNLATCH} {_E_STOP}(?: now)?"
    rf"|{_E_STOP} (?:(?:has|needs|wants|is|ought) (?:to be )?|must be |should be |can be )"
    r"(?:reset(?:ting)?|released|cleared|unlatched)(?: now)?"
    rf"|to be reset (?:and )?{_E_STOP}|give {_E_STOP} a reset|take {_E_STOP} off"
    rf"|what i want(?: now)? is {_E_STOP} reset"
    rf"|(?:get|have|(?:i|we) (?:need|want)) {_E_STOP} (?:released and reset|to be reset)"
)
"""Not "emergency stop reset", which may be a shout."""

ABANDON = re.compile(
    r"\b(?:abort|abandon|cancel|drop|scrap|forget|call off|give up(?: on)?|belay|discard|break off) (?:(?:the|this|that"
    r"|my|your|current|present|running|last|ongoing|active|whatever) )*(?:command|action|operation|task|job|order"
    r"|request|instruction|sequence)\b"
    r"|\babort (?:that one|what (?:you re|you are|we re|we are|i) (?:just )?(?:doing|asked(?: for)?|said|at))\b"
)
"""Searched: ends what is under way and not everything, though "abort" alone stops all."""


NEGATION = re.compile(
    r"\b(?:not|never|no(?! \d)|none|nothing|neither|nor|without|except|avoid|refrain|cannot|unless|instead"
    r"|(?:every|any)thing but|all but|"
    r"(?:do|does|did|ca|wo|is|are|was|were|should|must|would|could)n ?t|keep (?:\w+ )?from|(?:stay|steer) away)\b"
)
"""Searched: any of these makes a text harmless ("rib no 5" is no negation)."""

FORBIDS = re.compile(
    r"\b(?:out of the question|forbid(?:den|s)?|prohibited|ruled out|avoid|refrain|unless|except|neither|nor|or)\b"
)
"""Searched in what no rule understands: it is not read, wherever one of these stands."""

EXCLAIMED = re.compile(
    r"(?:^|\band )(?:oh|aw|ah|ugh|well|oops) shoot\b"
    r"|^shoot and (?:i|he|she|we|they|it|that)\b(?! (?:m|am|re|are) ready)"
)
"""Searched: no wish for a shot."""

ADMIRED = re.compile(
    r"(?:what a )?(?:nice|good|great|lovely|beautiful|perfect|wonderful) (?:shot|picture|image|view)\b"
)
"""At the beginning, of what is there: no wish."""

UNCERTAIN = re.compile(
    r"\b(?:if|when|whenever|until|till|once|before(?!$)|later|maybe|perhaps|possibly|should|would|could|might|may|must|"
    r"yesterday|earlier|tomorrow|tonight|last|ago|he|she|they|someone|somebody|anyone|everyone|said|says|told|"
    r"asked|think|thinks|guess|suppose|supposed|imagine|wonder|wondering|why|how|who|whether|was|were|had|has|have|"
    r"been|did|does|is|are|am|what|which|about to|ready to|going to|plan|planning|or)\b"
)
"""Searched in texts that would move or expose: conditions, questions, reports and talk are no orders."""

DELAY = re.compile(
    r"\b(?:if(?! you (?:please|would|could|can|don t|wouldn t|d)| i may\b)|when(?! you re ready)|whenever|unless"
    r"|until|till|(?<!shoot )(?<!expose )once(?! (?:more|again|there))(?!$)"
    r"|(?<!one )before(?!$| (?:this|that)(?: one)?\b)|later|soon|eventually|in case|as long as"
    r"|suppos\w*|provided|providing|assum\w*|imagin(?:e|ed|es|ing(?= (?:we|you|i|that)))\b|hypothetical\w*|pretend\w*"
    r"|condition|by the time|lest|whether|the (?:minute|moment|second|instant)|tomorrow|yesterday|tonight|ago|far be it"
    r"|quote|unquote|example|letter|unremarkable|(?:page|section|chapter|paragraph) (?:\d+|one|two|three|four|five)"
    r"|what (?:i|we|you|he|she|they) (?:would|could|might)|(?:was|is) (?:wrong|a mistake)$)\b"
)
"""Searched in talk beside what would move: conditions and other times."""

DOUBT = re.compile(
    DELAY.pattern + r"|^(?:can|could|will|does) it\b"
    r"|\b(?:was|were|maybe|perhaps|possibly|probably|either|whichever|whatever|might(?! (?:we|i)\b)|someone"
    r"|somebody|anyone|anybody|(?<!i )said|says|document|dictat\w*|write|chart"
    r"|say(?! (?:where|what)\b)|told|tell(?! (?:me|us)\b)|asked|ask(?! (?:you )?(?:for|to)\b)|guess"
    r"|thinks?|wonder\w*|why|did|does|the last thing|is (?:what|where|how|why|when)"
    r"|wants|exam question|checklist|let me (?!see|have|get|look|take)\w+ .+ first|read (?:you|it|them|this|that)"
    r"|(?:in )?(?:which|what) direction|scoreboard"
    r"|your (?:(?:left|right) )?(?:head|chin|arms?|hands?|wrist|fingers?|elbow|shoulders?|legs?|knees?|f(?:oo|ee)t|toes"
    r"|hips?|body)|\d+ (?:more )?(?:ml|mls|millilit\w+|ccs?|milligrams?|mg|kilos?|kg|minutes?|seconds?|hours?|people"
    r"|swabs?|percent|per cent)|your (?:left|right)|of (?:yours|his|hers|theirs|mine|ours)|oh sure|as if"
    r"|(?:we|i|you|he|she|they) should|should (?:we|i|you|he|she|they))\b"
)
"""Searched in the command itself, where no rule understands it: what would move is then no more than asked back."""

_MOTION = r"(?:the )?(?:motors?|motions?|movements?|drives?)"
_ARMED = r"(?:the )?(?:system|machine|c arm|device)(?: (?:to|into|in))?(?: (?:the|its))? armed(?: (?:state|mode))?"
ARM = re.compile(
    rf"arm{_SYSTEM}|(?:the )?system arm|(?:(?:get|set|put|bring|switch|transition|have) )?{_ARMED}"
    rf"|(?:enable|unlock|release) {_MOTION}"
)
DISARM = re.compile(rf"(?:dis|un) ?arm{_SYSTEM}|(?:disable|lock) {_MOTION}")
_BEAM = r"(?:(?:the )?(?:beam|x ?rays?|radiation(?! down)))"
FLUORO_ON = re.compile(
    rf"(?:turn|switch|put|power|get|bring) {_FLUORO} (?:on|going|started|running)|(?:turn|switch|put|power) on "
    rf"{_FLUORO}"
    rf"|(?:start|begin|enable|activate|run|go|get|use|have|switch)(?: over)?(?: with| to)? {_FLUORO}(?: running)?"
    rf"|{_FLUORO} (?:on|start)|(?:go|switch to|going|turn|start|begin|switch) (?:to )?live(?: on)?|live on|{_BEAM} on"
    rf"|(?:turn|switch|put) (?:on {_BEAM}|{_BEAM} on)|(?:start|begin) (?:the )?beam"
    r"|(?:continuous|pulsed|real ?time) (?:fluoro|fluoroscopy|imaging|x ?rays?)"
    r"|(?:some )?live (?:imaging|screening|fluoro|fluoroscopy|x ?rays?)|screen on"
)
FLUORO_OFF = re.compile(
    rf"(?:turn|switch|put|shut) (?:off|down) (?:{_FLUORO}|{_BEAM})|(?:turn|switch|put|shut|take) (?:{_FLUORO}"
    rf"|{_BEAM}) (?:off|down)"
    rf"|(?:(?:that s |that is )?(?:end|disable|deactivate|finish|kill|cut|quit|go off|come off|lose|no more|enough)) "
    rf"(?:{_FLUORO}|{_BEAM})(?: and (?:turn )?{_FLUORO} off)?"
    rf"|(?:{_FLUORO}|{_BEAM}|live) (?:is |can go |can come |come |goes )?(?:off|down)|off with {_FLUORO}|(?:end|leave"
    rf"|exit) live(?: mode)?|(?:we re |we are |i m )?(?:done|finished) with {_FLUORO}|(?:back|switch) to single shots"
    r"|(?:come|get|foot|feet) off (?:the )?(?:foot )?pedal"
)

STOP_FLUORO = re.compile(rf"stop (?:with )?{_FLUORO}(?: now| again)?")
"""Names exactly what is to stop: the live images, not everything."""

_DOSE = r"(?:the )?(?:radiation |x ray )?dose(?: level| rate| setting)?"
_SLIGHTLY = (
    r"(?: (?:a bit|a little|a little bit|slightly|by one level|one level|a notch|by a notch|some|more|further|please"
    r"|again))*"
)
LESS_DOSE = re.compile(
    r"(?:lower|reduce|decrease|cut|drop|bring down|turn down|take down|dial (?:down|back)|step down|minimi[sz]e"
    r"|(?:use )?(?:a bit |a little )?less|(?:a )?lower)"
    rf"(?: down| back)?(?: on)? (?:{_DOSE}|(?:the )?radiation)(?: down)?{_SLIGHTLY}"
    rf"|(?:turn|bring|take|dial|get|step|go) (?:{_DOSE}|(?:the )?radiation) (?:right )?down{_SLIGHTLY}|{_DOSE} (?:down"
    rf"|lower){_SLIGHTLY}|one dose level "
    rf"(?:down|lower)"
    rf"|go (?:down (?:with|on|in)|lower (?:on|with|in)|easy on|easier on) {_DOSE}"
)
MORE_DOSE = re.compile(
    rf"(?:raise|increase|bring up|turn up|dial up|boost|up|step up|bump up|bump|crank up|(?:use )?(?:a bit |a little "
    rf")?more|(?:a )?higher) {_DOSE}(?: up)?{_SLIGHTLY}"
    rf"|(?:turn|bring|take|dial|get|crank|step|go|bump) {_DOSE} up{_SLIGHTLY}|{_DOSE} (?:up|higher){_SLIGHTLY}|one "
    rf"dose level (?:up|higher)"
    rf"|go (?:up (?:with|on|in)|higher (?:on|with|in)) {_DOSE}"
)
DOSE_LEVELS: dict[str, DoseLevel] = {
    **dict.fromkeys(("low", "lowest"), "low"),
    **dict.fromkeys(("normal", "standard", "regular", "default"), "normal"),
    **dict.fromkeys(("high", "highest"), "high"),
}
_LEVEL = rf"(?:{'|'.join(DOSE_LEVELS)})"
DOSE_LEVEL = re.compile(
    rf"(?:(?:set|switch|change|turn|put|go|bring|reset|return|use|take|have|drop|lower|raise|put it|put us|put me"
    rf"|reduce) )?(?:back )?(?:{_DOSE} )?(?:back "
    rf")?(?:(?:to|on|at|in) )?(?:a |the )?"
    rf"(?P<level>{_LEVEL})(?: (?:radiation )?dose)?(?: (?:mode|level|setting|imaging|again))*"
)
"""Counts only with the word "dose" in it."""
RAISES, LOWERS = re.compile(r"\braise\b"), re.compile(r"\b(?:lower|drop|reduce)\b")
"""Searched: "raise the dose to low" contradicts itself."""

_IMAGE = (
    r"(?:(?:in|on) (?:(?:the|this|that) (?:image|picture|view|field|frame|x ray|screen)|view|here|there)|here|there|now"
    r"|right now|at the moment)"
)
_THINGS = r"(?:(?:all |the |all the )*(?:structures?|bones?|organs?|anatomy|things?|parts?|labels?))"
_SEEN = (
    r"(?:(?:you|we|i) (?:can |could |do )?see|(?:is|s|are|that s|that is|that are) (?:visible|showing|shown|in view"
    r"|there|here)|visible|showing)"
)
DESCRIBE = re.compile(
    rf"what can be seen(?: {_IMAGE})*"
    rf"|talk me through (?:what s|what is|everything)(?: that)?(?: {_IMAGE})*|(?:what|which)(?: else)? (?:have|do) "
    rf"(?:we|you)"
    rf" (?:got|have)(?: got)?(?: {_IMAGE})+|"
    rf"(?:what|which)(?: else| all)?(?: {_THINGS})? (?:do|can|could|are|am) (?:you|we|i) (?:all )?(?:see|seeing"
    rf"|look(?:ing)? at|recogni[sz]e|make out|identify|find|have|got)(?: {_IMAGE})*"
    rf"|(?:what|which)(?: else)?(?: {_THINGS})? (?:is|s|are)(?: (?:all|there|visible|shown|showing|to see|being "
    rf"shown))*(?: {_IMAGE})+"
    rf"|(?:what|which)(?: else)?(?: {_THINGS})? (?:is|s|are) (?:visible|shown|showing)|what does (?:the|this) "
    rf"(?:image|picture|x ray) show"
    rf"|(?:tell me|say|describe|list|name|read out|report|explain|identify) (?:me )?(?:what|everything|anything|all"
    rf"|whatever)(?: (?:that|there|is|s))*"
    rf"(?: {_SEEN})?(?: {_IMAGE})*"
    rf"|(?:tell me|say|show me) (?:which|what) {_THINGS} (?:{_SEEN}|are {_IMAGE})(?: {_IMAGE})*"
    rf"|(?:describe|name|list|read out|report|identify|label) (?:me )?(?:{_THINGS}|(?:the|this) (?:image|picture|view"
    rf"|x ray))(?: (?:that )?{_SEEN})?(?: {_IMAGE})*"
)
WHERE_ARE_WE = re.compile(
    rf"(?:tell me|show me|say|remind me|remind us) where (?:{_CARM}|i|we) (?:are|is|am)"
    r"(?: (?:right )?now| at the moment| at present| standing)*|"
    rf"where (?:are|is|s|am) (?:{_CARM}|i|we)(?: (?:now|right now|at|standing|positioned|at now|at the moment))*"
    r"|(?:what|which) (?:s |is |are |was )?(?:our |the |your |my )?(?:current |present |c arm s |c arm )*(?:angles?"
    r"|angulations?|position|pose|rotation|tilt|orientation|lao|rao|projection|coordinates|isocent(?:er|re))"
    r"(?: (?:are |is )?(?:now|we at|are we at|is this|of the c arm|we in|are we in|are we on|do we have|have we got"
    r"|right now|at the moment|is the c arm (?:at|in)|at))*"
    r"|(?:report|tell me|give me|say|read out|read me|read|show me|show) (?:the |our |your |me )*(?:current |present "
    r"|c arm )*(?:angles?|angulations?|position|pose|status|orientation|coordinates)(?: (?:of the c arm|now))*"
    r"|(?:the |our )?(?:current |c arm |present )+(?:angles?|angulations?|position|pose|status)|status(?: report)?"
    r"|angles|(?:position|status|angle|pose) report"
    r"|(?:what|which) (?:angles?|angulation|projection|position) (?:are|is) (?:we|it|you|the c arm)"
    r"(?: (?:sitting|standing|parked|currently|now))*(?: (?:at|in|on))?(?: (?:now|right now|at the moment))?"
    r"|how (?:are we|is the c arm) (?:angled|positioned|oriented|rotated|standing|set up)"
    r"|how far (?:over |round |around )?(?:are we|is the c arm)(?: (?:rotated|tilted|angled|turned))?"
    r"|(?:which|what) (?:way|direction) (?:are we|(?:is|does) the (?:c arm|beam|tube|gantry)) "
    r"(?:pointing|facing|looking|point|face|look)"
    r"|how (?:much|many degrees(?: of)?) (?:lao|rao|cranial|caudal|tilt|rotation|angulation|angle)"
    r"(?: (?:do we have|have we got|are we (?:at|in|on)|is (?:this|that|it)|is there|are we using|now))*"
)
CAN_SEE = re.compile(
    r"(?:can|could) (?:you|we)(?: still| already)? see "
    r"(?P<what>(?!(?:the |an? |some )?(?:outlines?|contours?|masks?|overlay)\b).+)"
)
"""Of the text with its politeness: a question, where "let me see" is a wish."""

WHERE_IS = re.compile(
    r"(?:(?:tell me|know|let me know|show(?: me| us)?|find(?: me)?"
    r"|find out|say|point out|do you know|do you see|can you see|can you tell me) )*"
    r"(?:whereabouts|where(?: (?:to|do (?:you|we|i)|can (?:you|i|we)|would (?:i|we)) (?:see|find|look for)| abouts)?)"
    r"(?: (?P<verb>is|s|are|re|does|did|has|lies?))? (?P<what>.+?)(?: (?:is|are|go|gone|hiding|lies?|sits?|located|in "
    r"(?:the|this) (?:image|picture|view)|now|right now|here|on (?:the )?(?:screen|image)|at))*"
    r"|(?:what is|what s|give me|tell me|show me|show|say) the (?:position|location|place) of (?P<of>.+?)(?: in "
    r"(?:the|this) (?:image|picture|view))?"
    r"|(?:the )?(?:position|location|whereabouts) of (?P<its>.+)|(?:in )?(?:which|what) (?:direction|way|part of the "
    r"image) is (?P<way>.+)"
    r"|how far (?:off|away|out|off cent(?:er|re)|from (?:the )?(?:middle|cent(?:er|re)))? ?(?:is|are) (?P<far>.+?)(?: "
    r"(?:from the (?:middle|center|centre)(?: of the image)?"
    r"|off|away|off center|out))*"
    r"|do (?:you|we) see (?P<see>.+?)(?: (?:anywhere|here|in (?:the|this) (?:image|view|picture)))*"
    r"|(?P<first>.+?) (?:and )?where is (?:it|that)|(?:locate|point (?:me |us )?(?:to|out|at)) (?P<locate>.+?)(?: for "
    r"me)?"
    r"|(?:is|are) (?P<there>.+?) (?:in (?:the|this) (?:image|picture|view|field)|in view|visible|in sight"
    r"|anywhere)(?: (?:here|now))?"
)

MOTION_WORD = re.compile(
    r"\b(?:rotate|rotation|tilt|orbit|center|centre|collimate|shoot|expose|move|shift|zoom|acquire|xray|x ray|shot|"
    r"arm|disarm|fluoro|dose|go|back)\b"
)
"""Searched: a text with one of these that is no command is refused as a motion."""

_VERBS = (
    "segment|outline|highlight|mark|show|find|locate|identify|delineate|trace|display|detect|contour|colou?r|paint|"
    "draw|pick out|pick me out|pick us out|point out|point to|label|annotate|overlay|see|view|look at|looking at|look "
    "for|looking for|for|"
    "get|have|add|track|shade|circle|give|light up|bring up|pull up|pop up|flag|visuali[sz]e|reveal|pinpoint|spot|"
    r"include|sketch|follow|monitor|capture the outline of|make(?= .* (?:visible|outlined|highlighted|marked))|"
    r"put(?= .* on(?: (?:the )?(?:overlay|screen|display|image))?$)|(?:turn|switch) on"
    r"|keep(?= .* (?:outlined|highlighted|marked|visible))"
)
_ADJECTIVE = r"(?:good|nice|quick|clear|clean|rough|little|fresh|new|thin|thick|bright|simple|red|green|yellow|blue)"
_NOUN = (
    r"(?:outline|contour|mask|segmentation|overlay|highlight|border|outlines|contours|boundary|edges?|look|line|ring"
    r"|circle|box)"
)
SEGMENT_VERB = re.compile(
    r"(?:to |help me |i m |i am |looking |we re |we ll want |i ll need |go (?:and )?(?=find|get|look|see|mark|show)"
    r"|start |begin |"
    r"(?:try|see if (?:you|we|i) can|let s see if (?:you|we|i) can) (?:to )?)*"
    rf"(?:{_VERBS})\b(?: (?:me|us|up|around|round|over|in|out|along))*"
    rf"(?: (?:put |draw |pop |throw |stick )?(?:a|an|the|some)(?: {_ADJECTIVE})? {_NOUN}"
    r"(?: (?:of|on|for|around|over|at))?)?"
    rf"|(?:put|draw|place|make|lay|pop|throw|stick|drop|do)(?: me)? (?:a|an|the)(?: {_ADJECTIVE})? {_NOUN} (?:up )?"
    rf"(?:of|on|for|around|over|onto)"
    rf"|(?:(?:turn|switch) on |start |keep )?(?:an?|the) {_NOUN} (?:of|on|for|around)|{_NOUN} (?:of|on|for|around)"
    r"|(?:start|keep|begin) (?:segmenting|outlining|showing|highlighting|tracking|marking|displaying)"
)


def begins_segmenting(words: str) -> bool:
    """Whether one of several things joined by "and", but for the first, is a wish to outline: "the liver and outline
    the spleen"."""
    return any(SEGMENT_VERB.match(part.removeprefix("then ")) for part in words.split(" and ")[1:])


IN_SIGHT = re.compile(r" (?:in|on) (?:view|sight|(?:the|this|my) (?:image|screen|picture|view|field|display))$")
"""Says nothing about what is to be centered."""
SEGMENT_END = re.compile(
    r"(?: (?:as well|too|also|next|again|on|in (?:the|this) (?:image|picture|view)|visible|"
    r"(?:outlined|highlighted|segmented|marked|shown|traced|drawn)(?: out| up| in)?|"
    r"(?:to|on|onto|in) (?:the|this|that) (?:overlay|screen|display|outline|list)))+$"
)

AND_NOW = re.compile(
    r"(?:(?:and|now|next|then) )*"
    r"(?:(?:and now|and then|now|next|(?:and )?(?:do )?(?:the )?same(?: thing)?(?: again)? (?:for|with|on)|and"
    r"|what about|how about)(?: for)?) (?P<what>.+?)(?: too| as well| also| please)*"
)
"""The last command for another structure: "and now L5". Of the text with its politeness."""

NAME_FIRST = re.compile(
    r"(?P<what>.+) and (?:please )?(?:outline|segment|mark|highlight|trace|contour|show|find|delineate|draw)(?: me| "
    r"us)? "
    r"(?:it|that|them(?: both| all)?|both(?: of them)?|those|these|the two)(?: out| up| in)?"
)
"""The structures before the verb: "L1 and L2, mark them both"."""

SINGULAR = re.compile(
    r"(?:it|this|that|there|here|this one|that one)|(?:this|that|the same|same)(?: (?:structure|bone|organ|vertebra"
    r"|level|rib|vessel|artery|vein|joint|muscle|lobe|one|spot|place|area|thing))?"
)
PLURAL = re.compile(r"th(?:em|ey)(?: all| both)?|those|these|both(?: of (?:them|those))?|all of them|the two")
