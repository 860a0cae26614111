"""A table of opposites, English; a row for each pair of meanings. Data."""

OPPOSITES = """
    rise rose risen increase grow grew grown climb soar raise expand gain surge improve boost
        | fall fell fallen decrease decline drop shrink shrank reduce lower diminish lose cut worsen
    gain | loss lose lost
    expand extend broaden widen enlarge | shrink shrank contract narrow
    higher high | lower low
    highest | lowest
    large larger big bigger great greater huge major | small smaller little tiny minor
    largest biggest greatest | smallest least
    greater | lesser less
    more | less fewer
    most | least fewest few
    many numerous | few
    maximum maximal | minimum minimal
    majority | minority
    before prior earlier preceding precede | after following later subsequent follow
    earlier early | later late
    earliest | latest
    above over exceed | below under beneath
    upper | lower
    first initial | last final
    beginning start | end
    begin began begun start commence launch open | end finish stop cease conclude close halt
    continue go | stop cease end halt
    best | worst
    better | worse
    good | bad poor evil
    win won victory defeat beat | lose lost defeated loss
    accept accepted | reject refuse decline denied deny
    grant granted award | deny denied refuse withhold revoke
    approve approval | reject disapprove refuse veto
    affirm uphold upheld | reverse overturn overrule vacate
    confirm prove | deny refute disprove contradict
    affirmative | negative
    allow permit let authorize enable | prohibit forbid forbade forbidden ban prevent bar block
        disallow
    support favor favour back endorse | oppose reject resist
    support | undermine
    supporter proponent advocate | opponent critic
    praise | criticize criticise condemn blame
    include contain | exclude omit lack
    add addition join | remove removal subtract delete drop
    insert | remove delete extract
    attach connect | detach disconnect separate
    create build built construct make made | destroy demolish
    destroy | preserve save protect restore
    protect defend | attack threaten endanger
    attack | defend
    succeed success successful | fail failure unsuccessful
    pass | fail
    agree agreement consent | disagree dispute disagreement
    admit acknowledge | deny denied
    easy simple simpler easier easily | difficult hard harder complex complicated hardly
    always | never rarely sometimes
    often frequently usually commonly regularly | rarely seldom hardly infrequently never
    frequent common usual | rare uncommon unusual
    everyone everybody | nobody
    everything | nothing
    everywhere | nowhere
    with | without
    buy bought purchase acquire | sell sold
    buyer | seller
    lend lent | borrow
    pay paid | receive
    import | export
    long longer longest lengthy | short shorter shortest brief
    lengthen prolong | shorten
    tall taller | short shorter
    wide wider broad | narrow narrower
    deep deeper | shallow shallower
    thick thicker | thin thinner
    heavy heavier | light lighter
    fast faster quick quicker rapid rapidly quickly swift | slow slower slowly gradual gradually
    accelerate hasten | slow delay decelerate
    young younger youngest | old older oldest elderly
    new newer newest modern recent | old older ancient
    strong stronger strongest powerful | weak weaker weakest
    strengthen reinforce | weaken
    strength | weakness
    rich richer wealthy | poor poorer
    wealth | poverty
    male man men boy he | female woman women girl she
    husband | wife
    father | mother
    son | daughter
    brother | sister
    king | queen
    uncle | aunt
    north | south
    northern northward | southern southward
    east | west
    eastern eastward | western westward
    northeast | southwest
    northwest | southeast
    left | right
    up upward upwards upstream | down downward downwards downstream
    top | bottom
    front | back rear
    inside within | outside
    inner interior internal inward | outer exterior external outward
    enter arrive entry arrival come came | leave left depart exit departure
    arrive arrival | depart departure
    advance | retreat withdraw withdrew
    approach | retreat
    forward | backward
    domestic | foreign
    local | global
    national | international
    public | private
    official | unofficial
    positive | negative
    plus | minus
    true truth correct accurate right | false incorrect wrong inaccurate
    guilty guilt | innocent innocence acquitted
    convict | acquit
    legal lawful | illegal unlawful
    safe safety secure | dangerous unsafe risky danger hazardous
    healthy health | sick ill illness unhealthy
    beneficial benefit helpful | harmful harm detrimental
    harmless | harmful harm prejudicial
    advantage | disadvantage
    love loved like | hate hated dislike
    friend ally friendly | enemy foe hostile
    peace | war
    married marry | divorced divorce
    born birth | died die death dead
    alive living live | dead died
    present presence | absent absence missing
    available | unavailable
    appear emerge | disappear vanish
    remember recall | forget forgot forgotten
    find found discover | lose lost miss
    hide hidden conceal | reveal show disclose
    reveal | conceal hide
    know known | unknown
    hot hotter warm warmer heat | cold colder cool cooler
    warming | cooling
    wet wetter moist humid | dry drier
    light bright brighter | dark darker dim
    day | night
    morning | evening
    summer | winter
    full fuller | empty emptier
    complete whole entire total | partial incomplete
    completely entirely fully wholly totally | partly partially
    open opened | closed close shut
    lock | unlock
    sharp | blunt dull
    hard | soft
    rough | smooth
    loud | quiet silent
    cheap cheaper inexpensive | expensive costly
    active | passive inactive
    enable enabled activate | disable disabled deactivate
    attract | repel
    encourage | discourage deter
    promote | demote hinder
    appoint hire hired recruit | dismiss fire fired
    elect | defeat
    employed | unemployed
    optimistic | pessimistic
    ascend ascending | descend descending
    ancestor | descendant
    predecessor | successor
    parent | child
    teacher | student pupil
    employer | employee
    plaintiff petitioner appellant | defendant respondent appellee
    prosecution | defense
    creditor | debtor
    credit | debit
    profit | loss
    income revenue | expense expenditure
    asset | liability
    supply | demand
    cause | prevent
    ask question | answer
    send sent | receive
    push | pull
    give gave given provide | take took taken receive deprive
    teach taught | learn learned
    horizontal | vertical
    parallel | perpendicular
    odd | even
    same identical similar alike equal | different unlike dissimilar distinct unequal
    similarity | difference
    convex | concave
    explicit explicitly express expressly | implicit implicitly implied
    voluntary voluntarily | mandatory compulsory involuntary
    mandatory required compulsory obligatory | optional voluntary
    necessary needed essential | unnecessary needless
    temporary temporarily | permanent permanently
    constant fixed stable static steady | variable varying unstable dynamic changing
    specific particular | general
    abstract | concrete
    simple | complex
    single | multiple plural
    singular | plural
    together jointly | separately apart alone
    acid acidic | basic alkaline
    input | output
    absorb | emit release
    solid | liquid
    conservative | liberal progressive
    urban | rural
    majority | dissent
    retain keep kept maintain | abandon discard lose
    obey comply compliance | violate disobey violation breach
    honest | dishonest
    tighten | loosen relax
    ease relieve | aggravate worsen
    friendly | hostile
    consistent | contrary
    able | unable
    likely probable | unlikely improbable
    possible | impossible
    sufficient adequate enough | insufficient inadequate
    free | enslaved captive
    victory | defeat
    offense | defense
    sunrise | sunset
    fresh | stale
    forbid | require
    require | forbid
    useful | useless
    careful | careless
    clear clearly | unclear vague
    near nearer close closer | far farther distant
    shallow | deep
    ahead | behind
    rarely | often
    upside | downside
    unite united unify | divide divided split
    combine merge | separate split
    interested | bored
    confident | doubtful
    trust | distrust mistrust
    believe belief | doubt disbelieve
    familiar | strange unfamiliar
    normal | abnormal
    natural | artificial
    original | copy
    genuine real authentic | fake false
    innocent | guilty
    superior | inferior
    senior | junior
    ancient | modern
    older | younger
    ultimately eventually | initially originally
    agree accept consent | refuse decline
    join stay remain | left leave quit
    succeeded | failed
    laugh | cry cried weep wept
    smile | frown
    save | spend spent waste squander
    free release liberate | imprison jail detain capture arrest enslave
    caught catch capture arrest | release
    help assist aid support | hinder hamper obstruct impede
    welcome invite | reject exclude shun
    respect admire honor honour | despise scorn insult
    land | launch
    fill | empty emptied drain
    clean | dirty dirtied pollute
    freeze froze frozen | melt thaw
    happy glad joyful | sad unhappy miserable
    brave | coward cowardly
    polite | rude
    kind | cruel
    generous | selfish stingy
    famous | unknown obscure
    winner | loser
    hope | despair
    hero | villain
    entrance | exit
    cause | effect result
    dawn | dusk
    asleep sleep | awake wake
    exceed surpass | miss
    soar surge jump skyrocket | plunge plummet drop slump crash
    double triple | halve
    outperform | underperform
    overestimate overstate exaggerate | underestimate understate
    require | prohibit
    improve recover | deteriorate decline
    ratify enact adopt pass impose | repeal abolish lift rescind
    adopt | reject abandon
    survive | die died perish
    stay remain kept keep | leave left depart
    resume restart | suspend interrupt
    sunny | rainy cloudy
    civilian | military
    sacred religious | secular
    single unmarried | married
    construct build built assemble | dismantle
    install | remove uninstall
    mention state | omit
    notice consider | ignore overlook
    obey accept | ignore
    cheaper | dearer costlier
    retreat | attack
    deteriorate | improve
    prosper flourish thrive | suffer struggle
    rich | needy
    invite | expel
    admit | expel exclude
    unify | partition
    borrower | lender
    seller | buyer
    landlord | tenant
    master | servant slave
    predator | prey
    host | guest
    optimism | pessimism
    growth | decline
    surplus | deficit shortage
    abundance abundant plenty | scarcity scarce shortage
    ally allies allied | enemy enemies axis
    democratic democrat | republican
    upstream | downstream
    uphill | downhill
    clockwise | counterclockwise
    upright | inverted
    transparent | opaque
    flexible | rigid
    fertile | barren
    plural | single
    oldest eldest | youngest newest
    former | latter
    previous last | next
    past | future
    ending | opening
    lifelong | brief
    lengthy | brief
    exact precise | approximate vague
    guilty liable | innocent
    approve | condemn
    sooner | later
    daily | yearly
    unanimous unanimously | divided
    willing willingly | reluctant reluctantly
    deliberate deliberately intentional | accidental accidentally
    directly | indirectly
    openly publicly | secretly privately
    formally | informally
    successfully | unsuccessfully
    correctly | incorrectly wrongly
    favorable favourable | hostile adverse
    innocent | criminal
    sane | insane
    feasible | impracticable
"""
"""What is left of the bar is the opposite of what is right of it; folded rows are indented."""
