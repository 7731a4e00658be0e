"""Words of plain English within one slip of a word of the vocabulary: they are never "repaired" into anatomy.

Those of the 30,000 most common words (the vocabulary of the text encoder) that would be, but for other forms of the
same word ("skulls"), and some more.
"""

_WORDS = """
aerial aground alone alter among angle ankle ankles arena ballroom bands basic basil basis beads bearings beast
bedside began being beings bella belle bells belts bible billy binds bitterly black bladed blake blame blaze blond
bloody bloom boats bodied bonus boone boots border boring borne bouts bowed bowen bowls boxes braid brains branched
braun breached breaking breathed breathless breaths briggs brink brody brood bully cable campus cardinal carey carly
carnival carriage carriages carthage carved casts caves cellar center centre chair champ champs cheat check cheek
chess chest chips chord clasp clement clements clerical coastal coins colin colonial colonies colony color colors
colour colton columbia combines commonly communion communism communist communists community commuted commuter concepts
concerts connects contacts contests contexts continents converts coral corps costs costumes cottages cover crest cured
curled curry curse cursed directive disco doris drawings drown elbow elbows elector electors electron electrons
erection fails fever fighters fills filmed filtered finer fire firearm firearms flame fleet flinders float flood
forces forwards fracture framed frost gallo gangster grand great greet greta handle hands handy hangs hardcore heard
hears hearst hearth hearts highness holes image images insider instrumental insulation insulting interior interiors
intro introduce introduced introduces intuition johns joint joints kindness knees lange larger leafs leaks leans leaps
least leeds lever lined linen liner lived livery lives loads locus looks loser loses lotus loves lowers lunch lunches
magma magnus mainz maker males manga manor maple marin mariners marked market markets marking markings mates mating
maxim maximize maximum mayor media medici meets mental metis middle minimize minimum minus muddle narrowed narrower
narrowly never nodule nodules numbered order pains palma panic party pastoral patient pelican penis pictorial pierce
piles piper place places plane planes plata plates plato platt plumbing plump pointer points porch portage porto
portugal postal power prominence prominent promises prose psalm pulsed purse racial radical radicals radio radios
reactors reader readers reaper reapers regal renew rental rents retracted reyes ribbon ribbons ringo river roads
rotate rotation runes scalp scent scents scores scrap seine shaded shadowed shadowy shall shane shang shape shapes
shared shark shaved sheep shiny shores simulator skill skills slack sleep slits smack small smell smoke snack spaces
spade spare sparse speakers spent spice spike spins spiral spire spite splendid splinter split spoken spores sprint
stable stables stacy stale stalk stall stares stark steep stein stern stick stimulate stimulated stimulation stint
stock stoke stokes stones stored storey stories storm storms stuck students stunts superiors supervisor supper sweet
systemic table tamil target teach tense tenure thanking thigh thing things throat thump tobias tones tower track
tracked tract tracy trail trash treat trick truck trunks tumor tunes turks upper valve valves venue venus vessel waist
waiter walter watery widen wider width wilde windy wines wired witch wives wrist wrists
"""
REAL_WORDS = frozenset(_WORDS.split())
