"""The vocabulary of the corpus and sentences made of it. All of it written for this purpose."""

NOUNS = """harbour lantern meadow furnace compass orchard quarry tunnel glacier market bridge archive kitchen station
valley tower garden engine library workshop canal cellar chapel dam barn attic mill forge kiln loom anvil ledger
satchel parcel telescope sextant barometer pump valve gauge relay turbine boiler piston bearing gearbox rotor cable
antenna beacon signal ferry barge tram wagon trolley bicycle ladder scaffold crane pulley winch anchor rudder keel
sail mast hull deck cabin porch gate fence hedge ditch furrow pasture vineyard greenhouse stable kennel henhouse
apiary hive pond brook spring waterfall ridge summit plateau canyon dune reef lagoon island peninsula delta marsh
forest thicket clearing trail milestone inn bakery brewery dairy butcher tailor cobbler smithy pharmacy clinic
hospital school college museum theatre gallery studio cinema stadium square fountain statue arcade alley terrace
balcony staircase corridor vault wardrobe cupboard drawer mirror curtain carpet cushion blanket teapot kettle saucepan
skillet oven stove grill basket jar bottle barrel bucket funnel sieve ladle spoon knife needle thimble ribbon button
collar sleeve pocket glove scarf mitten boot sandal umbrella suitcase passport ticket timetable map atlas diary
letter stamp envelope newspaper pamphlet poster notice receipt invoice contract treaty statute verdict jury witness
pilot captain sailor farmer shepherd gardener carpenter mason plumber electrician mechanic surveyor architect painter
sculptor violin cello flute trumpet drum piano choir melody rhythm harmony verse chapter footnote index margin
argument premise conclusion theorem lemma proof equation matrix vector gradient integral sample estimate variance
query cache buffer queue thread socket packet router server client token cursor schema migration backup snapshot
compiler parser linter debugger profiler scheduler kernel driver module package release branch merge patch review
budget forecast ledger tariff subsidy pension mortgage dividend auction inventory shipment warehouse courier depot
molecule enzyme protein membrane nucleus tissue organ fossil mineral crystal alloy polymer pigment solvent isotope
planet comet orbit eclipse nebula galaxy telescope magnet pendulum prism lens spectrum voltage current resistor""".split()

VERBS = """opened closed repaired painted moved measured weighed cleaned borrowed returned described sketched
photographed catalogued shipped delivered ordered cancelled postponed approved rejected signed translated corrected
printed bound framed polished sanded varnished welded soldered wired tested calibrated inspected replaced removed
installed adjusted tightened loosened lifted lowered carried dragged pushed pulled folded unfolded wrapped packed
unpacked sorted counted numbered labelled stored hid found lost bought sold rented leased donated inherited restored
demolished rebuilt designed planned surveyed mapped crossed entered left visited toured guarded abandoned occupied
flooded drained heated cooled ventilated lit darkened decorated furnished emptied filled sealed unlocked examined
compared questioned doubted confirmed denied explained summarised simplified extended shortened doubled halved
traced followed overtook avoided reached missed noticed ignored remembered forgot admired criticised praised""".split()

ADJECTIVES = """old new narrow wide quiet noisy bright dark heavy light cold warm dusty clean broken sturdy fragile
wooden iron copper brass stone glass paper woollen linen leather silver golden crimson scarlet azure violet amber
ivory emerald shallow deep steep gentle crooked straight hollow solid rough smooth damp dry frozen molten fragrant
bitter sweet salty sour ripe raw stale fresh early late sudden gradual rare common foreign local public private
temporary permanent spare missing hidden obvious subtle complex plain ornate modest lavish cheap costly ancient
modern provincial coastal alpine northern southern eastern western central remote nearby upper lower inner outer
annual weekly daily hourly formal casual reliable faulty loose tight empty crowded idle busy careful careless""".split()

ADVERBS = """yesterday today tomorrow slowly quickly carefully carelessly quietly loudly twice once again finally
eventually immediately reluctantly gladly secretly openly together alone outside inside upstairs downstairs abroad
recently formerly usually rarely often seldom never always perhaps certainly probably apparently deliberately
accidentally thoroughly partly almost barely simply merely""".split()

NAMES = """Adele Bruno Carla Dmitri Elena Farid Greta Hassan Ingrid Jonas Kemal Lucia Milan Nadia Oskar Petra Quentin
Rosa Stefan Tamar Ulrich Vera Walid Xenia Yusuf Zofia Anselm Birgit Cosima Darius Esther Felix Gundula Henrik Irene
Jasper Katrin Leopold Mirela Nikos Ottilie Pavel Renata Silvio Theresa Urban Viola Wanda Yvonne Zeno""".split()

PLACES = """Altmark Bergen Cadiz Delft Exeter Faro Ghent Hudson Izmir Jena Kotor Lund Malmo Namur Oviedo Pisa Quito
Riga Split Tartu Udine Visby Worms Xanten Ystad Zadar Arles Bruges Cork Dover Essen Fulda Graz Hull Innsbruck Jaca
Kiel Leeds Metz Nimes Oulu Parma Reims Siena Trier Ulm Vigo Weimar York Zwolle""".split()

LINKS = [
    "because", "although", "before", "after", "while", "so that", "unless", "until", "even though", "as soon as",
    "whenever", "since",
]


def sentence(dice):
    """A sentence that means little and repeats little."""

    def noun():
        return f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}" if dice.random() < 0.6 else dice.choice(NOUNS)

    def clause():
        who = dice.choice([dice.choice(NAMES), f"the {noun()}", f"a {dice.choice(NOUNS)} from {dice.choice(PLACES)}"])
        return f"{who} {dice.choice(VERBS)} the {noun()}"

    shape = dice.randrange(6)
    if shape == 0:
        text = f"{clause()} {dice.choice(ADVERBS)}"
    elif shape == 1:
        text = f"{dice.choice(ADVERBS)}, {clause()} near the {noun()}"
    elif shape == 2:
        text = f"{clause()} {dice.choice(LINKS)} {clause()}"
    elif shape == 3:
        text = f"in {dice.choice(PLACES)} {clause()}, and {clause()}"
    elif shape == 4:
        text = f"there was a {noun()} behind the {noun()}, which {dice.choice(NAMES)} {dice.choice(VERBS)}"
    else:
        text = f"{dice.choice(LINKS)} {clause()}, {clause()} {dice.choice(ADVERBS)}"
    return text[0].upper() + text[1:] + "."


def prose(dice, length, paragraph=5):
    """Running text of about `length` bytes in paragraphs."""
    parts, size, count = [], 0, 0
    while size < length:
        piece = sentence(dice)
        count += 1
        parts.append(piece + ("\n\n" if paragraph and count % paragraph == 0 else " "))
        size += len(parts[-1])
    return "".join(parts)


# Whole sentences of other languages for loops, and the parts from which running text is made.
TONGUES = {
    "de": dict(
        who="der Müller|die Lehrerin|der Kapitän|eine Schneiderin|der alte Gärtner|die Nachbarin|ein Lehrling|die Ärztin|der "
        "Buchhändler|die Ingenieurin|ein Bote|der Fährmann|die Köchin|der Richter|eine Malerin".split("|"),
        does="öffnete|reparierte|vermaß|strich|verkaufte|vergaß|beschrieb|prüfte|trug|ordnete|suchte|entdeckte|säuberte|"
        "verschickte|übersetzte|lobte|zeichnete".split("|"),
        what="das Fenster|die Brücke|den Schuppen|die Uhr|das Boot|den Brief|die Mühle|das Rad|den Ofen|die Karte|das "
        "Klavier|den Garten|die Rechnung|das Tor|den Keller|die Laterne|das Archiv|den Zaun|die Schaukel|das Dach|den Koffer|die "
        "Treppe|den Teppich|die Vase|das Segel|den Anker|die Schublade|das Gemälde|den Spiegel|die Glocke|das Gewächshaus|den "
        "Schlitten|die Pumpe|das Geländer|den Brunnen|die Scheune|das Regal".split("|"),
        when="am Morgen|nach dem Regen|vor der Abfahrt|im Winter|ohne Eile|zum zweiten Mal|bei Kerzenlicht|in aller Stille|"
        "am Ufer|hinter der Kirche|mit großer Sorgfalt|auf dem Markt".split("|"),
        form="{who} {does} {when} {what}. ",
        loops=[
            "Ich sehe mir die Datei noch einmal genau an, bevor ich antworte. ",
            "Es tut mir leid, das habe ich falsch verstanden. Ich versuche es noch einmal. ",
            "Moment, das stimmt so noch nicht ganz. ",
        ],
    ),
    "fr": dict(
        who="le meunier|la voisine|un pêcheur|le facteur|la couturière|un apprenti|le capitaine|la pharmacienne|le vieux "
        "jardinier|une étudiante|le notaire|la boulangère|un voyageur|le mécanicien".split("|"),
        does="ouvre|répare|mesure|repeint|oublie|décrit|vérifie|range|cherche|découvre|nettoie|expédie|traduit|admire|"
        "dessine|transporte".split("|"),
        what="la fenêtre|le pont|la grange|l'horloge|le bateau|la lettre|le moulin|la roue|le four|la carte|le piano|le "
        "jardin|la facture|le portail|la cave|la lanterne|la clôture|le toit|la valise|l'escalier|le tapis|le vase|la voile|"
        "l'ancre|le tiroir|le tableau|le miroir|la cloche|la serre|le traîneau|la pompe|la rampe|le puits|l'étagère|le "
        "chandelier|la brouette".split("|"),
        when="au matin|après la pluie|avant le départ|en hiver|sans hâte|pour la deuxième fois|à la bougie|en silence|sur "
        "le quai|derrière l'église|avec grand soin".split("|"),
        form="{who} {does} {what} {when}. ",
        loops=[
            "Je vais relire le fichier encore une fois avant de répondre. ",
            "Attendez, je dois d'abord vérifier la configuration du serveur. ",
            "Voici donc la réponse complète à votre question. ",
        ],
    ),
    "es": dict(
        who="el molinero|la vecina|un pescador|el cartero|la costurera|un aprendiz|el capitán|la farmacéutica|el viejo "
        "jardinero|una estudiante|el notario|la panadera|un viajero|el mecánico".split("|"),
        does="abre|repara|mide|pinta|olvida|describe|revisa|ordena|busca|descubre|limpia|envía|traduce|admira|dibuja".split("|"),
        what="la ventana|el puente|el granero|el reloj|el barco|la carta|el molino|la rueda|el horno|el mapa|el piano|el "
        "jardín|la factura|el portón|el sótano|el farol|la valla|el tejado|la maleta|la escalera|la alfombra|el jarrón|la "
        "vela|el ancla|el cajón|el cuadro|el espejo|la campana|el invernadero|el trineo|la bomba|la barandilla|el pozo|el "
        "estante|la carretilla|el candelabro".split("|"),
        when="por la mañana|tras la lluvia|antes de salir|en invierno|sin prisa|por segunda vez|a la luz de una vela|en "
        "silencio|en el muelle|detrás de la iglesia|con mucho cuidado".split("|"),
        form="{who} {does} {what} {when}. ",
        loops=[
            "Voy a comprobar el archivo una vez más antes de continuar. ",
            "Un momento, todavía falta revisar la configuración. ",
            "¡Claro! Aquí tienes la respuesta que pediste. ",
        ],
    ),
    "ru": dict(
        who="мельник|соседка|рыбак|почтальон|швея|ученик|капитан|врач|старый садовник|студентка|судья|пекарь|путник|"
        "механик|художница".split("|"),
        does="открывает|чинит|измеряет|красит|забывает|описывает|проверяет|убирает|ищет|находит|чистит|отправляет|"
        "переводит|хвалит|рисует".split("|"),
        what="окно|мост|сарай|часы|лодку|письмо|мельницу|колесо|печь|карту|рояль|сад|счёт|ворота|подвал|фонарь|забор|крышу|"
        "чемодан|лестницу|ковёр|вазу|парус|якорь|ящик|картину|зеркало|колокол|теплицу|сани|насос|перила|колодец|полку".split("|"),
        when="утром|после дождя|перед отъездом|зимой|не спеша|во второй раз|при свече|молча|на берегу|за церковью|очень "
        "осторожно".split("|"),
        form="{who} {when} {does} {what}. ",
        loops=[
            "Сейчас я ещё раз проверю файл и попробую снова. ",
            "Подождите, здесь нужно сначала проверить настройки. ",
            "Хорошо, я понял, сейчас исправлю. ",
        ],
    ),
    "zh": dict(
        who="磨坊主|邻居|渔夫|邮差|裁缝|学徒|船长|药剂师|老园丁|学生|法官|面包师|旅人|机械师|画家|图书管理员".split("|"),
        does="打开了|修好了|测量了|粉刷了|忘记了|描述了|检查了|整理了|寻找|发现了|清洗了|寄出了|翻译了|称赞了|画下了".split("|"),
        what="窗户|石桥|谷仓|时钟|小船|信件|风车|车轮|火炉|地图|钢琴|花园|账单|大门|地窖|灯笼|档案".split("|"),
        when="清晨在河边|雨后|出发之前|冬天里|不慌不忙地|又一次|在烛光下|默默地|在码头上|在教堂后面|小心翼翼地|傍晚".split("|"),
        form="{when}{who}{does}{what}。",
        loops=["我再检查一遍这个文件，然后继续修改。", "等一下，我需要先确认配置是否正确。", "好的，我现在开始处理。"],
    ),
    "ja": dict(
        who="粉屋は|隣人は|漁師は|郵便屋は|仕立屋は|見習いは|船長は|薬剤師は|老いた庭師は|学生は|裁判官は|パン屋は|旅人は|画家は".split("|"),
        does="開けた|直した|測った|塗った|忘れた|説明した|調べた|片付けた|探した|見つけた|洗った|送った|訳した|褒めた|描いた".split("|"),
        what="窓を|橋を|納屋を|時計を|舟を|手紙を|水車を|車輪を|かまどを|地図を|ピアノを|庭を|請求書を|門を|地下室を|灯籠を".split("|"),
        when="朝早く|雨のあとで|出発の前に|冬の日に|ゆっくりと|もう一度|ろうそくの下で|黙って|岸辺で|教会の裏で|とても丁寧に".split("|"),
        form="{who}{when}{what}{does}。",
        loops=["もう一度ファイルを確認してから修正します。", "少々お待ちください、設定を確認します。", "はい、わかりました。"],
    ),
    "ar": dict(
        who="الطحان|الجارة|الصياد|ساعي البريد|الخياط|التلميذ|القبطان|الطبيبة|البستاني العجوز|الطالبة|القاضي|الخباز".split("|"),
        does="يفتح|يصلح|يقيس|يدهن|ينسى|يصف|يفحص|يرتب|يبحث عن|يكتشف|ينظف|يرسل|يترجم|يرسم".split("|"),
        what="النافذة|الجسر|المخزن|الساعة|القارب|الرسالة|الطاحونة|العجلة|الفرن|الخريطة|البيانو|الحديقة|الفاتورة".split("|"),
        when="في الصباح|بعد المطر|قبل السفر|في الشتاء|على مهل|للمرة الثانية|على ضوء الشمعة|بصمت|عند الشاطئ".split("|"),
        form="{when} {does} {who} {what}. ",
        loops=["سأتحقق من الملف مرة أخرى قبل أن أجيب. ", "لحظة من فضلك، يجب أن أراجع الإعدادات أولا. "],
    ),
}


def foreign(dice, tongue, length):
    """Running text of another language, about `length` bytes."""
    parts, at = TONGUES[tongue], {"de": "in", "fr": "à", "es": "en", "ru": "в", "ar": "في"}.get(tongue)
    text = ""
    while len(text.encode()) < length:
        words = {key: dice.choice(parts[key]) for key in ("who", "does", "what", "when")}
        if at:
            # Names of people and places, as running text has them: words that have not been there before.
            if dice.random() < 0.5:
                words["who"] = dice.choice(NAMES)
            if dice.random() < 0.5:
                words["when"] += f" {at} {dice.choice(PLACES)}"
        piece = parts["form"].format(**words)
        text += piece[0].upper() + piece[1:]
        if dice.random() < 0.2:
            text = text.rstrip(" ") + "\n\n"
    return text
