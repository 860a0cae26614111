"""Own sentences with the encodings they are usually stored in, for the tests of decoding."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "da": (
        "Havnerådet mødtes i mandags for at tage stilling til den nye færge. "
        "Medlemmerne havde læst landmålerens rapport, og de fleste tvivlede på "
        "tallene. Æblerne på øen koster 5 kr. så længe året går.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "no": (
        "Havnestyret møttes på mandag for å avgjøre spørsmålet om den nye fergen. "
        "Medlemmene hadde lest rapporten, og de fleste trodde ikke på tallene. Ærlig "
        "talt er øya vår langt ute på havet.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "sv": (
        "Hamnstyrelsen möttes i måndags för att besluta om den nya färjan. Ledamöterna "
        "hade läst lantmätarens rapport, och de flesta tvivlade på siffrorna. Åtta av "
        "dem röstade därför nej.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "fi": (
        "Satamalautakunta kokoontui maanantaina päättämään uudesta lautasta. Jäsenet "
        "olivat lukeneet mittaajan kertomuksen, ja useimmat epäilivät lukuja. Äänestys "
        "siirrettiin kevääseen, jolloin pankki on vastannut. Hän söi leipää.",
        (
            "cp1252",
            "iso8859-1",
            "iso8859-15",
            "mac_roman",
        ),
    ),
    "is": (
        "Hafnarstjórnin kom saman á mánudaginn til að ákveða um nýju ferjuna. "
        "Meðlimirnir höfðu lesið skýrsluna og flestir efuðust um tölurnar. Þeir ætla "
        "að greiða atkvæði í vor.",
        (
            "cp1252",
            "iso8859-1",
        ),
    ),
    "pt": (
        "A junta do porto reuniu-se na segunda-feira para decidir sobre a nova balsa. "
        "Os membros não tinham lido o relatório, e a maioria duvidava dos números. A "
        "votação foi adiada até à primavera, quando o banco já terá enviado as "
        "condições.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "it": (
        "Il consiglio del porto si è riunito lunedì per decidere sul nuovo traghetto. "
        "I membri avevano letto la relazione, e la maggior parte dubitava delle cifre. "
        "Il voto è stato rimandato perché la banca non aveva più risposto. Così andò "
        "la città.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "es": (
        "La junta del puerto se reunió el lunes para decidir sobre el nuevo "
        "transbordador. El señor Núñez había leído el informe, y la mayoría dudaba de "
        "las cifras. ¿Quién pagará? La votación se aplazó hasta el año próximo.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
            "cp850",
        ),
    ),
    "fr": (
        "Le conseil du port s’est réuni lundi pour décider du nouveau bac. Ses membres "
        "avaient lu le rapport du géomètre, et la plupart doutaient des chiffres. Où "
        "est la clé ? Le maire a remercié le maître d’œuvre : « Ça coûtera cher à la "
        "ville. »",
        (
            "cp1252",
            "mac_roman",
        ),
    ),
    "de": (
        "Der Hafenrat kam am Montag zusammen, um über die neue Fähre zu entscheiden. "
        "Die Mitglieder hatten den Bericht gelesen, und die meisten zweifelten an den "
        "Zahlen. Größe und Preis wären übermäßig, hieß es. Herr Müller bezahlt.",
        (
            "cp1252",
            "iso8859-1",
            "iso8859-15",
            "mac_roman",
            "cp850",
            "cp437",
        ),
    ),
    "nl": (
        "De havenraad kwam maandag bijeen om over de nieuwe veerboot te beslissen. De "
        "leden hadden het rapport gelezen, en de meesten betwijfelden de cijfers. "
        "België en Ruïne zijn één geheel, zegt men.",
        (
            "cp1252",
            "iso8859-1",
            "mac_roman",
        ),
    ),
    "ca": (
        "La junta del port es va reunir dilluns per decidir sobre el nou "
        "transbordador. Els membres havien llegit l'informe, però la majoria dubtava "
        "de les xifres. També això costarà molt més l'any que ve.",
        (
            "cp1252",
            "iso8859-1",
        ),
    ),
    "en": (
        "The board has said: “We shall not pay.” It is the ferry’s last year – or so they think.",
        (
            "cp1252",
            "mac_roman",
        ),
    ),
    "pl": (
        "Rada portu zebrała się w poniedziałek, aby zdecydować o nowym promie. "
        "Członkowie przeczytali raport, ale większość wątpiła w liczby. Głosowanie "
        "odłożono do wiosny, gdy bank wyśle ostateczną ofertę. Źle się dzieje.",
        (
            "cp1250",
            "iso8859-2",
            "cp852",
        ),
    ),
    "cs": (
        "Přístavní rada se sešla v pondělí, aby rozhodla o novém přívozu. Členové si "
        "přečetli zprávu zeměměřiče a většina z nich o číslech pochybovala. Hlasování "
        "bylo odloženo na jaro, kdy banka pošle nabídku. Šťastný kůň žere.",
        (
            "cp1250",
            "iso8859-2",
            "cp852",
        ),
    ),
    "sk": (
        "Prístavná rada sa zišla v pondelok, aby rozhodla o novom prievoze. Členovia "
        "si prečítali správu a väčšina z nich o číslach pochybovala. Hlasovanie bolo "
        "odložené na jar, keď banka pošle ponuku. Ľudia šli späť.",
        (
            "cp1250",
            "iso8859-2",
        ),
    ),
    "hu": (
        "A kikötői tanács hétfőn ült össze, hogy döntsön az új kompról. A tagok "
        "elolvasták a földmérő jelentését, és legtöbbjük kételkedett a számokban. A "
        "szavazást tavaszra halasztották. Mindenkinek jó lesz így, mondta az őr.",
        (
            "cp1250",
            "iso8859-2",
        ),
    ),
    "ro": (
        "Consiliul portului s-a întrunit luni pentru a decide asupra noului bac. "
        "Membrii citiseră raportul şi cei mai mulţi se îndoiau de cifre. Votul a fost "
        "amânat până în primăvară, când banca va trimite oferta.",
        (
            "cp1250",
            "iso8859-2",
        ),
    ),
    "hr": (
        "Lučko vijeće sastalo se u ponedjeljak da odluči o novom trajektu. Članovi su "
        "pročitali izvješće, a većina je sumnjala u brojke. Glasovanje je odgođeno do "
        "proljeća, jer još nešto nedostaje.",
        (
            "cp1250",
            "iso8859-2",
        ),
    ),
    "tr": (
        "Liman kurulu pazartesi günü yeni feribot hakkında karar vermek için toplandı. "
        "Üyeler raporu okumuştu ve çoğu rakamlardan şüphe ediyordu. Oylama ilkbahara "
        "ertelendi, çünkü banka son teklifini göndermedi. Işık söndü.",
        (
            "cp1254",
            "iso8859-9",
        ),
    ),
    "lt": (
        "Uosto taryba susirinko pirmadienį spręsti dėl naujo kelto. Nariai buvo "
        "perskaitę ataskaitą, ir dauguma abejojo skaičiais. Balsavimas atidėtas iki "
        "pavasario, kai bankas atsiųs pasiūlymą.",
        (
            "cp1257",
            "iso8859-13",
        ),
    ),
    "lv": (
        "Ostas valde sanāca pirmdien, lai lemtu par jauno prāmi. Locekļi bija "
        "izlasījuši ziņojumu, un vairums šaubījās par skaitļiem. Balsošana tika "
        "atlikta līdz pavasarim, kad banka būs atbildējusi.",
        ("cp1257",),
    ),
    "et": (
        "Sadama nõukogu kogunes esmaspäeval, et otsustada uue parvlaeva üle. Liikmed "
        "olid aruannet lugenud ja enamik kahtles arvudes. Hääletus lükati kevadesse, "
        "mil pank on vastanud.",
        (
            "cp1257",
            "cp1252",
        ),
    ),
    "ru": (
        "Совет порта собрался в понедельник, чтобы решить вопрос о новом пароме. Его "
        "члены прочитали отчёт землемера, и большинство сомневалось в цифрах. "
        "Голосование отложили до весны, когда банк пришлёт предложение.",
        (
            "cp1251",
            "koi8-r",
            "cp866",
            "iso8859-5",
            "mac_cyrillic",
        ),
    ),
    "uk": (
        "Рада порту зібралася в понеділок, щоб вирішити питання про новий пором. Її "
        "члени прочитали звіт, і більшість сумнівалася в цифрах. Голосування відклали "
        "до весни.",
        (
            "cp1251",
            "koi8-u",
        ),
    ),
    "bg": (
        "Съветът на пристанището се събра в понеделник, за да реши за новия ферибот. "
        "Членовете бяха прочели доклада и повечето се съмняваха в числата. Гласуването "
        "беше отложено за пролетта.",
        ("cp1251",),
    ),
    "sr": (
        "Лучки одбор састао се у понедељак да одлучи о новом трајекту. Чланови су "
        "прочитали извештај, а већина је сумњала у бројке. Гласање је одложено до "
        "пролећа.",
        ("cp1251",),
    ),
    "el": (
        "Το συμβούλιο του λιμανιού συνήλθε τη Δευτέρα για να αποφασίσει για το νέο "
        "πορθμείο. Τα μέλη είχαν διαβάσει την έκθεση, και οι περισσότεροι αμφέβαλλαν "
        "για τους αριθμούς. Άρα η ψηφοφορία αναβλήθηκε.",
        (
            "cp1253",
            "iso8859-7",
            "cp737",
            "mac_greek",
        ),
    ),
    "he": (
        "מועצת הנמל נפגשה ביום שני כדי להחליט על המעבורת החדשה. חבריה קראו את הדוח, "
        "ורובם פקפקו במספרים. ההצבעה נדחתה לאביב.",
        (
            "cp1255",
            "iso8859-8",
            "cp862",
        ),
    ),
    "ar": (
        "اجتمع مجلس الميناء يوم الاثنين لاتخاذ قرار بشأن العبارة الجديدة. كان أعضاؤه "
        "قد قرأوا التقرير، وشك معظمهم في الأرقام. وتأجل التصويت إلى الربيع.",
        (
            "cp1256",
            "iso8859-6",
        ),
    ),
    "th": (
        "คณะกรรมการท่าเรือประชุมกันในวันจันทร์เพื่อตัดสินใจเรื่องเรือข้ามฟากลำใหม่ สมาชิกได้อ่านรายงานแล้ว",
        ("cp874",),
    ),
    "ja": (
        "港湾委員会は月曜日に新しい渡し船について決定するために集まった。委員たちは測量士"
        "の報告書を読んでいたが、ほとんどの人が数字を疑っていた。投票は春まで延期された。",
        (
            "cp932",
            "euc_jp",
            "iso2022_jp",
        ),
    ),
    "ko": (
        "항만 위원회는 월요일에 새 나룻배에 대해 결정하기 위해 모였다. 위"
        "원들은 측량사의 보고서를 읽었으며 대부분은 숫자를 의심했다. 투표는 "
        "봄까지 연기되었다.",
        (
            "cp949",
            "euc_kr",
        ),
    ),
    "zh": (
        "港口委员会星期一开会，决定新渡船的事情。委员们读过测量员的报告，大多数人怀疑其中的数字。投票推迟到春天，那时银行会给出最后的条件。",
        (
            "gb2312",
            "gbk",
            "gb18030",
        ),
    ),
    "zht": (
        "港口委員會星期一開會，決定新渡船的事情。委員們讀過測量員的報告，大多數人懷疑其中的數字。投票推遲到春天，那時銀行會給出最後的條件。",
        (
            "big5",
            "cp950",
            "gb18030",
        ),
    ),
}
"""By language: the text, and its encodings."""

SHORT = [
    ("The new ferry would cost £4,000 a year.", "cp1252"),
    ("The new ferry would cost £4,000 a year.", "latin-1"),
    ("The loan is governed by § 12 of the act.", "cp1252"),
    ("It was 25 °C at noon, and the hull was 3 ½ feet deep.", "cp1252"),
    ("It is the ferry’s last year.", "cp1252"),
    ("It is the ferry’s last year.", "mac_roman"),
    ("Der Müller zahlt 5 € für die Fähre.", "cp1252"),
    ("Der Müller zahlt 5 € für die Fähre.", "iso8859-15"),
    ("Der Hafenrat sagte: „Wir prüfen das nicht“ – und ging.", "cp1252"),
    ("Señor Núñez spoke first.", "cp1252"),
    ("Æblerne på øen koster 5 kr.", "cp1252"),
    ("Паром стоит дорого.", "cp1251"),
    ("Паром стоит дорого.", "koi8-r"),
    ("Паром стоит дорого.", "cp866"),
    ("渡船太贵了，我们不买。", "gbk"),
    ("联通", "gbk"),
    ("船は高いです。", "cp932"),
    ("船は高いです。", "euc_jp"),
    ("배는 비싸다.", "cp949"),
    ("Źle się dzieje.", "cp1250"),
    ("港口委员会用 Python 3.11 计算，结果是 £4000。We agree.", "gb18030"),
    ("The answer was: Паром стоит дорого. That was all.", "cp1251"),
    ("The answer was: Паром стоит дорого. That was all.", "koi8-r"),
]
"""Short texts, and an encoding of each."""

WRONG = [
    ("Señor Núñez spoke first.", "mac_roman"),
    ("Uosto taryba susirinko pirmadienį spręsti dėl naujo kelto.", "cp1257"),
]
"""Short texts that are read wrong, with an alternative named."""
