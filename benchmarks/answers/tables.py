"""Words that the variants exchange; kept apart from those that grounding knows."""

from __future__ import annotations

VERBS = {
    past: (base, participle)
    for past, base, participle in (
        row.split()
        for row in """
        accepted accept accepted
        acquired acquire acquired
        adopted adopt adopted
        affected affect affected
        affirmed affirm affirmed
        announced announce announced
        appointed appoint appointed
        approved approve approved
        arrested arrest arrested
        attacked attack attacked
        attended attend attended
        bought buy bought
        built build built
        captured capture captured
        caused cause caused
        challenged challenge challenged
        chose choose chosen
        completed complete completed
        conducted conduct conducted
        constructed construct constructed
        controlled control controlled
        covered cover covered
        created create created
        criticized criticize criticized
        crossed cross crossed
        defeated defeat defeated
        defended defend defended
        defined define defined
        denied deny denied
        described describe described
        designed design designed
        destroyed destroy destroyed
        developed develop developed
        discovered discover discovered
        dismissed dismiss dismissed
        drove drive driven
        encouraged encourage encouraged
        ended end ended
        enjoyed enjoy enjoyed
        established establish established
        examined examine examined
        filed file filed
        followed follow followed
        formed form formed
        founded found founded
        gained gain gained
        gave give given
        granted grant granted
        helped help helped
        hired hire hired
        included include included
        influenced influence influenced
        introduced introduce introduced
        invaded invade invaded
        invited invite invited
        issued issue issued
        joined join joined
        killed kill killed
        launched launch launched
        led lead led
        married marry married
        opened open opened
        ordered order ordered
        owned own owned
        paid pay paid
        passed pass passed
        performed perform performed
        persuaded persuade persuaded
        praised praise praised
        produced produce produced
        proposed propose proposed
        protected protect protected
        published publish published
        purchased purchase purchased
        raised raise raised
        received receive received
        recorded record recorded
        rejected reject rejected
        released release released
        removed remove removed
        replaced replace replaced
        requested request requested
        required require required
        reversed reverse reversed
        saw see seen
        signed sign signed
        sold sell sold
        studied study studied
        succeeded succeed succeeded
        sued sue sued
        supported support supported
        taught teach taught
        took take taken
        used use used
        visited visit visited
        warned warn warned
        won win won
        wrote write written
        """.strip().splitlines()
    )
}
"""Past tense of transitive verbs: base form and participle."""

SYNONYMS = dict(
    tuple(part.strip() for part in row.split("|"))  # type: ignore[misc]
    for row in """
    began | started
    started | began
    begins | starts
    large | big
    big | large
    purchased | bought
    bought | purchased
    obtained | got
    however | nevertheless
    approximately | about
    about | roughly
    required | needed
    requires | needs
    require | need
    shows | demonstrates
    show | demonstrate
    showed | demonstrated
    helped | assisted
    help | assist
    created | made
    create | make
    creates | makes
    built | constructed
    build | construct
    constructed | built
    ended | finished
    finished | completed
    important | significant
    significant | important
    several | a number of
    many | numerous
    near | close to
    often | frequently
    frequently | often
    usually | normally
    allows | lets
    allow | let
    permits | allows
    attempted | tried
    tried | attempted
    use | employ
    uses | employs
    used | employed
    selected | chosen
    chose | selected
    received | got
    died | passed away
    children | kids
    film | movie
    company | firm
    city | town
    car | automobile
    area | region
    region | area
    house | home
    quickly | rapidly
    rapidly | quickly
    entire | whole
    whole | entire
    rich | wealthy
    famous | well-known
    buildings | structures
    method | approach
    methods | approaches
    goal | aim
    goals | aims
    issue | problem
    issues | problems
    people | persons
    country | nation
    doctors | physicians
    main | principal
    primary | main
    provides | offers
    provide | offer
    provided | offered
    discovered | found
    located | situated
    stated | said
    said | stated
    argued | contended
    argues | contends
    concluded | decided
    explained | said
    nearly | almost
    almost | nearly
    therefore | consequently
    while | whereas
    because | since
    ensure | make sure
    occurs | happens
    occur | happen
    occurred | happened
    contains | includes
    commonly | often
    various | different
    entirely | completely
    completely | entirely
    sometimes | occasionally
    also | likewise
    buy | purchase
    choose | select
    keep | retain
    kept | retained
    remained | stayed
    returned | came back
    war | conflict
    job | position
    speak | talk
    wanted | wished
    gave | provided
    led | headed
    called | named
    """.strip().splitlines()
)
"""Words and others of the same meaning, in the same form."""

OPPOSITES = dict(
    tuple(part.strip() for part in row.split("|"))  # type: ignore[misc]
    for row in """
    increased | decreased
    increases | decreases
    increase | decrease
    increasing | decreasing
    decreased | increased
    decrease | increase
    rose | fell
    fell | rose
    higher | lower
    lower | higher
    high | low
    low | high
    larger | smaller
    smaller | larger
    large | small
    small | large
    more | less
    less | more
    before | after
    after | before
    above | below
    below | above
    won | lost
    lost | won
    accepted | rejected
    rejected | accepted
    granted | denied
    denied | granted
    affirmed | reversed
    reversed | affirmed
    allowed | prohibited
    allows | prevents
    allow | prevent
    prohibited | permitted
    prohibits | permits
    supported | opposed
    supports | opposes
    opposed | supported
    first | last
    best | worst
    better | worse
    began | ended
    ended | began
    begins | ends
    opened | closed
    open | closed
    included | excluded
    includes | excludes
    include | exclude
    positive | negative
    negative | positive
    possible | impossible
    necessary | unnecessary
    likely | unlikely
    able | unable
    successful | unsuccessful
    consistent | inconsistent
    dependent | independent
    legal | illegal
    lawful | unlawful
    constitutional | unconstitutional
    reasonable | unreasonable
    sufficient | insufficient
    early | late
    earlier | later
    later | earlier
    old | new
    new | old
    strong | weak
    stronger | weaker
    north | south
    south | north
    east | west
    west | east
    northern | southern
    southern | northern
    eastern | western
    western | eastern
    added | removed
    add | remove
    create | destroy
    destroyed | preserved
    success | failure
    failed | succeeded
    agree | disagree
    agreed | disagreed
    easy | difficult
    difficult | easy
    always | never
    with | without
    buy | sell
    bought | sold
    sold | bought
    long | short
    longer | shorter
    fast | slow
    faster | slower
    young | old
    male | female
    public | private
    private | public
    internal | external
    majority | minority
    minimum | maximum
    maximum | minimum
    love | hate
    loved | hated
    arrived | departed
    left | right
    married | divorced
    enemy | friend
    present | absent
    true | false
    enabled | disabled
    enable | disable
    valid | invalid
    safe | dangerous
    hot | cold
    light | dark
    """.strip().splitlines()
)
"""Words and their opposites, in the same form."""

QUANTIFIERS = dict(
    tuple(part.strip() for part in row.split("|"))  # type: ignore[misc]
    for row in """
    all of the | none of the
    all | some
    most | few
    many | few
    every | no
    each | no
    some | all
    several | all
    few | most
    none of the | all of the
    at least | at most
    at most | at least
    more than | less than
    less than | more than
    fewer than | more than
    up to | at least
    a few | most
    any | no
    both | neither of the
    """.strip().splitlines()
)
"""Quantifiers and others that change what is claimed."""

MODALS = {
    "may": "must",
    "might": "will",
    "must": "may",
    "should": "will",
    "could": "must",
    "can": "must",
    "will": "might",
    "shall": "may",
}
"""Modal verbs and others that change what is claimed."""

BELIEFS = (
    "argued|argues|claimed|claims|believed|believes|feared|suspected|alleged|contended|insisted|"
    "thought|hoped|maintained|predicted|assumed|worried|warned|denied|doubted|speculated|imagined"
)
"""Verbs before what somebody holds to be so, or does not."""
ATTEMPTS = (
    "tried|attempted|wanted|planned|intended|hoped|promised|threatened|offered|refused|failed|"
    "declined|expected|sought"
)
"""Verbs before `to` and a deed that is not said to be done."""
PASTS = {base: past for past, (base, _) in VERBS.items()} | {
    "save": "saved", "kill": "killed", "open": "opened", "close": "closed", "join": "joined",
    "move": "moved", "use": "used", "stop": "stopped", "help": "helped", "return": "returned",
    "enter": "entered", "reach": "reached", "change": "changed", "raise": "raised",
    "marry": "married",
    "remove": "removed", "reduce": "reduced", "increase": "increased", "find": "found",
    "take": "took",
    "make": "made", "give": "gave", "go": "went", "get": "got", "leave": "left", "buy": "bought",
    "sell": "sold", "build": "built", "keep": "kept", "bring": "brought", "pay": "paid",
    "sign": "signed",
}  # fmt: skip
"""The past of verbs."""
