"""A table of words of nearly the same meaning, English; a row for each meaning. Data."""

SYNONYMS = """
    begin began begun start commence
    end finish conclude complete close terminate
    large big great huge sizable substantial
    small little tiny
    buy bought purchase acquire
    get got obtain receive acquire gain
    approximately about roughly around nearly almost
    need require necessitate
    show demonstrate reveal indicate illustrate suggest
    find found discover detect observe identify
    help assist aid
    make made create produce build built construct develop form
    important significant major key crucial vital essential notable
    several multiple various some
    many numerous
    near close nearby
    often frequently commonly usually normally typically generally regularly
    allow let permit enable
    try tried attempt seek sought
    use used employ utilize utilise apply
    choose chose chosen select pick opt
    die died death pass
    child children kid
    film movie picture
    company firm business corporation
    city town
    car automobile vehicle
    area region zone district territory
    house home residence
    quick quickly fast rapid rapidly swift swiftly
    whole entire complete full all
    rich wealthy affluent
    famous well-known renowned noted celebrated known
    building structure
    method approach technique procedure way
    goal aim objective purpose target
    issue problem matter question
    person people persons individual human
    participant subject volunteer respondent
    country nation state
    doctor physician
    main principal primary chief major
    provide offer give gave given supply furnish grant award
    locate situated
    say said state declare assert remark claim note report announce write wrote tell told
    argue contend maintain claim assert
    decide conclude determine hold held rule find found
    explain describe clarify
    therefore consequently thus hence accordingly
    ensure guarantee
    happen occur
    contain include comprise hold
    completely entirely fully wholly totally
    sometimes occasionally
    keep kept retain maintain preserve
    remain stay stayed continue
    return returned came
    war conflict
    battle fight fought combat
    job position post work occupation role
    speak spoke talk
    want wish desire
    lead led head direct chair run ran
    name call called title
    rise rose increase grow grew growth climb surge
    fall fell decrease decline drop reduce reduction shrink
    change alter modify
    cost price expense
    money funds cash
    pay paid payment
    law statute legislation act
    court tribunal
    judge justice
    approve endorse accept pass adopt ratify
    reject refuse deny denied decline dismiss
    destroy demolish ruin wreck devastate
    kill killed slay slain murder
    injure hurt wound
    attack assault
    win won victory defeat beat
    win won receive
    love adore
    child kid
    study research investigation examination experiment
    study examine investigate analyze analyse explore
    test trial
    result outcome finding
    reason cause
    cause lead led result produce bring brought
    effect impact influence consequence
    affect influence
    believe think thought consider
    know knew known
    see saw seen view watch observe
    teach taught instruct
    learn learned learnt
    send sent dispatch
    move relocate transfer
    go went travel journey
    leave left depart
    arrive reach came
    meet met encounter
    live reside dwell inhabit
    marry married wed
    strong powerful
    hard difficult tough
    easy simple
    new novel recent
    old ancient
    fight fought battle
    support back favor favour
    protect guard shield defend
    stop halt cease
    build built construct erect
    fix repair
    damage harm
    danger risk hazard threat
    error mistake
    chance opportunity possibility
    answer reply respond response
    ask request inquire
    demand require
    part portion section segment share
    piece part
    group team
    amount quantity
    number figure
    lack shortage absence
    enough sufficient adequate
    begin launch initiate
    join enter
    plan scheme
    rule regulation
    agreement accord treaty contract pact
    document record file
    book volume
    picture image photograph
    road street
    boat ship vessel
    soldier troop
    army force military
    leader head chief
    student pupil
    school college
    worker employee labourer laborer
    boss manager
    customer client
    information data
    event incident occurrence
    replace substitute
    succeed follow
    found establish set create institute
    appoint name
    announce declare proclaim
    publish release issue print
    broadcast air
    reveal disclose
    collect gather
    increase raise boost
    improve enhance
    limit restrict
    forbid forbade prohibit ban bar
    must shall
    around approximately
    usually mostly
    mainly mostly primarily largely chiefly
    especially particularly notably
    also too likewise additionally
    whereas while
    because since
    although though
    nevertheless however nonetheless yet but
    over more
    under below
    after following
    before prior
    first initial initially
    last final finally
    later afterwards subsequently
    earlier previously formerly before
    currently now presently
    soon shortly
    annual yearly
    equal same identical
    different various distinct
    actual real
    correct right accurate
    wrong incorrect
    dead deceased
    sick ill
    afraid scared
    happy glad
    sad unhappy
    smart clever intelligent
    begin onset
    percent percentage
    half fifty
    car vehicle
    film picture
    ability capacity capability
    able capable
    took participate take part attend
    exam examination test
    happen take
    blind blindness
    commander general
    receive accept
    ruler king monarch
    near proximity
    purchase acquisition
    writer author
    wrote author compose
    compose write written
    city metropolis
    sea ocean
    mountain peak
    language tongue
    religion faith
    holiday vacation
    big major
    rarely seldom
    hate dislike
    handle manage
    manage control
    control govern
    rely depend
    remove eliminate delete
    add append
    combine merge
    split divide
    connect link
    compare contrast
    estimate calculate compute
    predict forecast
    expect anticipate
    remember recall
    forget omit
    complain protest
    criticize criticise
    accuse charge
    blame fault
    punish penalize
    arrest detain
    escape flee fled
    hide conceal
    throw threw
    hit strike struck
    break broke broken
    carry transport bear
    drive drove driven
    hire employ recruit
    fire dismiss
    order command
    guide steer
    obey follow comply
    persuade convince
    encourage urge
    praise commend
    thank
    celebrate
    funeral burial
    buried interred
    go went gone
    sell sold
    catch caught
    take took taken
    come came
    become became
    grow grew grown
    throw threw thrown
    draw drew drawn
    speak spoke spoken
    freeze froze frozen
    steal stole stolen
    fall fell fallen
    sleep slept
    feel felt
    feed fed
    spend spent
    lend lent
    lose lost
    stand stood
    wear wore worn
    tear tore torn
    swear swore sworn
    eat ate eaten
    drink drank drunk
    sing sang sung
    sink sank sunk
    swim swam swum
    shoot shot
    hide hid hidden
    bite bit bitten
    sit sat
    ride rode ridden
    fly flew flown
    strike struck stricken
    dig dug
    forget forgot forgotten
    shake shook shaken
    wake woke woken
    weave wove woven
    arise arose arisen
    breed bred
    bleed bled
    deal dealt
    hear heard
    sweep swept
    weep wept
    overcome overcame
    undergo underwent undergone
    blow blew blown
    shrink shrank shrunk
    swing swung
"""
"""Words in one row can stand for one another in some sentence."""
