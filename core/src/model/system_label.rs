//! What folders and labels are for, by their names in any language: the labels that Gmail gives by itself, as Google Takeout writes
//! them into `X-Gmail-Labels`, and the folders of mail programs and servers.
//!
//! The names are those of Gmail's interface; the French, German, Spanish and Czech ones were seen in real exports too.

use super::{Keywords, Role};
use std::{collections::HashMap, sync::LazyLock};

/// A label that Gmail gives by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SystemLabel {
    // The order is that in which one is chosen as the folder of a message.
    Trash,
    Spam,
    Drafts,
    Inbox,
    Sent,
    Chat,
    Archived,
    Starred,
    Important,
    Unread,
    /// Opened, or of a category: nothing that a mailbox elsewhere knows.
    Other,
}

use SystemLabel::{Archived, Chat, Drafts, Important, Inbox, Other, Sent, Spam, Starred, Trash, Unread};

/// The names by language, in lower case.
#[rustfmt::skip]
const NAMES: &[(SystemLabel, &[&str])] = &[
    (Inbox, &[
        "inbox", "boîte de réception", "posteingang", "recibidos", "bandeja de entrada", "posta in arrivo", "caixa de entrada",
        "a receber", "postvak in", "inkorg", "inkorgen", "innboks", "indbakke", "saapuneet", "postilaatikko", "odebrane", "doručená pošta", "doručené",
        "beérkező levelek", "primite", "mesaje primite", "входящие", "вхідні", "εισερχόμενα", "gelen kutusu", "受信トレイ", "받은편지함",
        "收件箱", "收件匣", "البريد الوارد", "דואר נכנס", "इनबॉक्स", "กล่องจดหมาย", "hộp thư đến", "kotak masuk", "safata d'entrada", "входящи", "pristigla pošta", "prejeto",
        "blwch derbyn", "bosca isteach", "gautieji", "gələnlər", "hộp thư đến", "ibhokisi lokungenayo", "iesūtne",
        "inkassie", "kikasha", "peti masuk", "postkast", "pósthólf", "sarrera-ontzia", "вх. поща", "ирсэн имэйл",
        "примљене", "մուտքի արկղ", "صندوق ورودی", "موصول شدہ پیغامات", "इनबक्स", "ইনবক্স", "ઇનબોકસ", "இன்பாக்ஸ்",
        "ఇన్‌‌బాక్స్‌", "ಇನ್‌ಬಾಕ್ಸ್", "ഇൻബോക്സ്", "එන ලිපි", "ອິນບັອກ", "ဝင်စာ", "შემოსულები.", "የገቢ መልዕክት ሳጥን",
        "ប្រអប់ទទួល", "ꭷꮑꮜꭲᏹ",
    ]),
    (Sent, &[
        "sent", "sent mail", "envoyé", "envoyés", "messages envoyés", "gesendet", "enviados", "enviado", "mensajes enviados",
        "inviati", "inviata", "posta inviata", "itens enviados", "e-mails enviados", "correio enviado", "verzonden", "verzonden berichten",
        "skickat", "skickade", "skickade mail", "sendt", "sendte e-poster", "sendte mails", "lähetetyt", "wysłane", "odeslané", "odeslaná pošta", "odesláno", "odoslané",
        "elküldött üzenetek", "elküldött levelek", "trimise", "mesaje trimise", "отправленные", "надіслані", "απεσταλμένα", "gönderilmiş postalar",
        "gönderilenler", "送信済み", "送信済みメール", "보낸편지함", "已发送", "已发邮件", "寄件備份", "البريد المرسل", "مرسل", "דואר יוצא", "נשלח", "भेजा गया", "भेजे गए मेल",
        "จดหมายที่ส่งแล้ว", "ส่งแล้ว", "thư đã gửi", "đã gửi", "terkirim", "surat terkirim", "enviats", "изпратени", "poslano",
        "barua zilizotumwa", "bidalitako mezuak", "correo enviado", "gestuurde e-pos", "göndərilənlər",
        "imeyili ethunyelwe", "išsiųsti laiškai", "lähetetyt viestit", "mel dihantar", "naipadalang sulat",
        "negeseuon a anfonwyd", "nosūtne", "poslana pošta", "saadetud kirjad", "sendt e-post", "sendur póstur",
        "seolta", "илгээсэн имэйл", "послате", "ուղարկված", "بريد مرسل", "بھیجے گئے پیغامات", "نامه‌های فرستاده شده",
        "पठाइएको मेल", "पाठवलेले मेल", "भेजी गई मेल", "প্রেরিত মেল", "મોકલેલા મેઇલ", "அனுப்பிய அஞ்சல்",
        "పంపిన సందేశాలు", "ಕಳುಹಿಸಿದ ಮೇಲ್", "അയച്ച മെയിൽ‍", "යැවූ ලිපි", "ຈົດໝາຍທີ່ສົ່ງແລ້ວ", "ထွက်စာ",
        "გაგზავნილები", "የተላከ ኢሜይል", "ꮻꭶꮕꮕꭿ ꭺꮺꮈ",
    ]),
    (Drafts, &[
        "drafts", "draft", "brouillons", "brouillon", "entwürfe", "borradores", "bozze", "rascunhos", "concepten", "utkast", "kladder",
        "luonnokset", "wersje robocze", "koncepty", "piszkozatok", "mesaje nefinalizate", "schițe", "черновики", "чернетки", "πρόχειρα",
        "taslaklar", "下書き", "임시보관함", "임시 보관함", "草稿", "草稿箱", "مسودات", "المسودات", "טיוטות", "ड्राफ़्ट", "ร่างจดหมาย", "ฉบับร่าง", "thư nháp", "draf", "esborranys", "чернови", "skice",
        "drafft", "dréachtaí", "drög", "juodraščiai", "konsepte", "melnraksti", "mga draft", "mustandid",
        "okungaphelele", "osnutki", "qaralamalar", "rasimu", "rozpísané správy", "thư nháp", "zirriborroak",
        "недовршене", "нооргууд", "սեւագրեր", "مسودّات", "مسودہ س", "پیش‌نویس‌ها", "अधूरा ईमेल", "ड्राफ्ट", "मसुदे",
        "ড্রাফ্ট", "ડ્રાફ્ટ્સ", "வரைவுகள்", "చిత్తుప్రతులు", "ಡ್ರಾಫ್ಟ್‌ಗಳು", "ഡ്രാഫ്‌റ്റുകൾ‍", "කටු සටහන්",
        "ສະບັບຮ່າງ", "မူကြမ်းများ", "მონახაზები", "ረቂቆች", "ꭲꭼᏹ ꭺꮺꮈꮕ",
    ]),
    (Spam, &[
        "spam", "junk", "junk e-mail", "junk email", "bulk mail", "courrier indésirable", "correo no deseado", "posta indesiderata", "lixo eletrônico", "ongewenste e-mail", "skräppost", "søppelpost", "uønsket mail",
        "roskaposti", "levélszemét", "спам", "ανεπιθύμητα", "ανεπιθύμητη αλληλογραφία", "迷惑メール", "스팸함", "스팸", "垃圾邮件", "垃圾郵件",
        "غير مرغوب فيه", "الرسائل غير المرغوب فيها", "ספאם", "דואר זבל", "स्पैम", "จดหมายขยะ", "สแปม", "thư rác", "correu brossa", "nevyžádaná pošta", "neželjena pošta",
        "barua taka", "e-bost sothach", "mēstules", "pourriel", "ruslpóstur", "rämpspost", "spama", "strooipos",
        "turscar", "ugaxekile", "vsiljena pošta", "šlamštas", "непожељне", "սպամ", "سپام", "هرزنامه", "अनचाहा",
        "स्पॅम", "स्प्याम", "স্প্যাম", "સ્પામ", "ஸ்பேம்", "స్పామ్", "ಸ್ಪ್ಯಾಮ್", "സ്പാം", "අයාචිත තැපෑල", "ສະແປມ",
        "စပမ်း", "სპამი", "አይፈለጌ መልዕክት", "ꭴᏺꭲ",
    ]),
    (Trash, &[
        "trash", "bin", "deleted items", "deleted messages", "corbeille", "papierkorb", "papelera", "cestino", "lixeira", "lixo", "reciclagem", "prullenbak",
        "papperskorgen", "papperskorg", "papirkurv", "papirkurven", "søppel", "roskakori", "kosz", "koš", "kôš", "kuka", "lomtár", "coș de gunoi", "coş de gunoi", "corzina",
        "корзина", "кошик", "κάδος απορριμμάτων", "κάδος", "çöp kutusu", "çöp", "ゴミ箱", "휴지통", "已删除邮件", "垃圾桶", "回收站", "المهملات", "سلة المهملات", "אשפה",
        "ट्रैश", "ถังขยะ", "thùng rác", "sampah", "paperera", "кошче", "smeće", "otpad",
        "asblik", "bin sbwriel", "bruscar", "caixa da papeleira", "caixote do lixo", "miskaste", "prügikast", "rusl",
        "smetnjak", "tong sampah", "tupio", "udoti", "zaborrontzia", "zibil qutusu", "šiukšliadėžė", "отпад",
        "хогийн сав", "աղբարկղ", "المهـملات", "حذف‌شده‌ها", "کوڑے کی ٹوکری", "कूड़ेदान", "रद्दी टोकरी", "वगळलेले",
        "ট্র্যাশ", "ટ્રેશ", "நீக்கப்பட்டவை", "ట్రాష్", "ಅನುಪಯುಕ್ತ", "ട്രാഷ്", "අපද්‍රව්‍ය", "ຖັງຂີ້ເຫຍື້ອ",
        "အမှိုက်ပုံး", "წაშლილები", "ጣል", "ធុងសំរាម", "ꭴᏺ",
    ]),
    (Chat, &[
        "chat", "chats", "chat hangouts", "sohbet", "чат", "чаты", "チャット", "채팅", "聊天", "即時通訊", "czat", "czaty", "hangouts",
    ]),
    (Archived, &[
        "archived", "archivé", "archivés", "messages archivés", "archiviert", "archivado", "archivados", "archiviati", "archiviato", "archiviata",
        "arquivado", "arquivados", "arquivadas", "gearchiveerd", "arkiverade", "arkiverat", "arkivert", "arkiveret", "arkistoitu", "arkistoidut", "zarchiwizowane", "archivováno", "archivované", "archivovaná", "archivált", "archiválva",
        "arhivate", "arhivat", "архив", "в архиве", "архивированные", "заархивированные", "архівовані", "архівовано", "αρχειοθετήθηκαν", "αρχειοθετημένα", "arşivlendi", "arşivlenmiş", "arşivlenen", "アーカイブ済み", "アーカイブ",
        "보관됨", "보관처리됨", "已归档", "已封存", "مؤرشف", "تمت الأرشفة", "הועבר לארכיון", "संग्रहीत", "เก็บถาวรแล้ว", "เก็บแล้ว", "đã lưu trữ", "diarsipkan", "arxivat", "arxivats", "архивирани", "arhivirano",
    ]),
    (Starred, &[
        "starred", "suivi", "suivis", "messages suivis", "favoris", "markiert", "destacado", "destacados", "speciali", "a speciali", "con stella", "com estrela", "marcado com estrela", "met ster",
        "stjärnmärkt", "stjärnmärkta", "stjernemerket", "stjernemarkeret", "stjernemarkerede", "tähdellä merkityt", "tähdellä merkitty", "oznaczone gwiazdką", "s hvězdičkou", "s hviezdičkou", "csillagozott",
        "cu stea", "помеченные", "із зірочкою", "με αστέρι", "yıldızlı", "スター付き", "별표편지함", "별표", "已加星标", "已加星號", "مميزة بنجمة", "المميزة بنجمة", "מסומן בכוכב", "तारांकित",
        "ติดดาว", "ที่ติดดาว", "có gắn dấu sao", "có gắn sao", "berbintang", "destacats", "със звезда", "sa zvjezdicom",
        "ar zvaigznīti", "dibintangkan", "gester", "izardunak", "le réiltín", "marcado con estrela", "may-bituin",
        "missatges destacats", "okunenkanyezi", "pažymėti žvaigždute", "serennog", "stjörnumerkt", "thư gắn dấu sao",
        "tärniga", "ulduzlu", "yildizli", "z zvezdico", "zenye nyota", "одтой", "са звездицом", "աստղանշված",
        "الرسائل المميزة بنجمة", "ستاره‌دار", "ستارے کے نشان والے", "ताराङ्कित", "स्टार के निशान वाला",
        "তারকাচিহ্নিত", "તારાંકિત", "நட்சத்திரமிட்டது", "నక్షత్రం గుర్తుతో", "ನಕ್ಷತ್ರ ಹಾಕಿದ", "നക്ഷത്രമിട്ടവ",
        "තරු ලකුණු කළ", "ຕິດດາວ", "စတားတပ်ထားသော", "ვარსკვლავიანი", "ኮከብ የተደረገባቸው", "បានដាក់ផ្កាយ", "ꮓꮘꮟ ꭺꮺꮃꮕꭿ",
    ]),
    (Important, &[
        "important", "importants", "wichtig", "importante", "importantes", "importanti", "belangrijk", "viktigt", "viktig", "vigtigt", "vigtig", "vigtige", "tärkeä", "tärkeät", "ważne", "důležité", "dôležité", "fontos",
        "importanță", "важное", "важные", "важливо", "важливі", "σημαντικό", "σημαντικά", "önemli", "重要", "중요", "중요편지함", "重要邮件", "重要郵件", "هام", "مهم", "חשוב", "महत्वपूर्ण", "สำคัญ", "quan trọng", "penting", "важни", "važno",
        "belangrik", "garrantzitsuak", "mahalaga", "mikilvægt", "muhimu", "okubalulekile", "oluline", "pomembno",
        "pwysig", "svarbu", "svarīgi", "tábhachtach", "tärkeää", "önəmli", "важно", "чухал", "կարեւոր", "اہم",
        "महत्त्वपूर्ण", "महत्त्वाचे", "গুরুত্বপূর্ণ", "મહત્વપૂર્ણ", "முக்கியமானவை", "ముఖ్యమైన", "ಪ್ರಮುಖ",
        "പ്രധാനപ്പെട്ടവ", "වැදගත්", "ສຳຄັນ", "အရေးကြီး", "მნიშვნელოვანი", "አስፈላጊ", "សំខាន់", "ꭴꮅꮝꭸꮣ",
    ]),
    (Unread, &[
        "unread", "non lus", "non lu", "ungelesen", "no leídos", "no leído", "sin leer", "da leggere", "non letto", "non letti", "não lidos", "não lido", "não lida", "não lidas", "ongelezen",
        "oläst", "olästa", "ulest", "uleste", "ulæst", "ulæste", "lukematon", "lukemattomat", "nieprzeczytane", "nepřečtené", "neprečítané", "olvasatlan", "necitite", "necitit", "непрочитанные", "непрочитанное", "непрочитані", "μη αναγνωσμένα",
        "δεν έχουν διαβαστεί", "okunmadı", "okunmamış", "未読", "읽지 않음", "읽지않음", "未读", "未讀", "غير مقروءة", "غير مقروء", "לא נקרא", "שלא נקראו", "अपठित", "ยังไม่ได้อ่าน", "ยังไม่อ่าน", "chưa đọc", "belum dibaca", "no llegits", "непрочетени", "nepročitano",
        "lugemata", "nelasīts", "nelasīti", "neskaityta", "neskaityti", "neprebrano", "neprebrana", "непрочитано", "непрочитане", "nepročitane", "ólesið", "ólesinn póstur",
        "خوانده‌نشده", "خوانده نشده", "ongelees", "irakurri gabeak", "sen ler", "heb eu darllen", "gan léamh", "hindi pa nababasa", "অপঠিত", "படிக்காதவை", "చదవనివి", "न वाचलेले",
        "ન વાંચેલા", "ಓದದ", "വായിക്കാത്തവ", "نہ پڑھے ہوئے", "haijasomwa", "oxunmamış", "չկարդացված", "წაუკითხავი", "уншаагүй", "නොකියවූ", "ຍັງບໍ່ໄດ້ອ່ານ", "မဖတ်ရသေး", "ያልተነበበ", "មិនទាន់អាន",
    ]),
    (Other, &[
        // Opened
        "opened", "ouvert", "ouverts", "geöffnet", "abierto", "abiertos", "aperto", "aperti", "letti", "aberto", "abertos", "aberta", "abertas", "geopend", "öppnat", "öppnad", "öppnade", "åpnet", "åbnet", "avattu", "avatut", "otwarte", "otwarto",
        "otevřeno", "otevřené", "otvorené", "megnyitott", "megnyitva", "deschise", "deschis", "открытые", "открыто", "прочитанные", "відкриті", "відкрито", "ανοιγμένα", "ανοίχτηκε", "ανοίχτηκαν", "açıldı", "açılmış", "açılan", "開封済み", "열어봄", "열림", "已打开", "已開啟", "已打開",
        "مفتوح", "تم فتحها", "נפתח", "נפתחו", "खोला गया", "खोले गए", "เปิดแล้ว", "เปิดอ่านแล้ว", "đã mở", "dibuka", "oberts", "obert", "отворени", "otvoreno",
        "avatud", "atvērts", "atvērti", "atidaryta", "atidaryti", "odprto", "отворено", "opnað", "opnaður", "باز شده", "oopgemaak", "irekita", "wedi agor", "oscailte", "binuksan", "খোলা হয়েছে",
        "திறந்தவை", "తెరిచినవి", "उघडलेले", "ખોલેલા", "ತೆರೆದ", "തുറന്നവ", "کھولے گئے", "açılıb", "բացված", "გახსნილი", "нээсэн",
    ]),
];

/// What "category" is called, in lower case; a colon and the name of the category follow.
#[rustfmt::skip]
const CATEGORY: &[&str] = &[
    "category", "catégorie", "kategorie", "categoría", "categoria", "categorie", "kategori", "kategoria", "kategória", "luokka", "категория",
    "категорія", "κατηγορία", "kategorija", "カテゴリ", "カテゴリー", "카테고리", "类别", "類別", "分類", "الفئة", "فئة", "קטגוריה", "श्रेणी", "หมวดหมู่", "danh mục",
    "kategooria", "flokkur", "دسته", "বিভাগ", "kategoriya", "категорија", "catagóir", "categori", "kategorie", "вид", "کیٹیگری", "வகை", "వర్గం", "વર્ગ",
];

/// What the categories are called, in lower case, where no colon stands before them.
#[rustfmt::skip]
const CATEGORIES: &[&str] = &[
    "personal", "primary", "social", "promotions", "updates", "forums", "purchases", "travel", "finance", "reservations",
    "personnel", "principale", "e-mails personnels", "réseaux sociaux", "notifications", "achats", "voyages", "finances", "réservations",
    "privat", "allgemein", "soziale netzwerke", "soziales", "werbung", "benachrichtigungen", "neuigkeiten", "foren", "käufe", "reisen", "finanzen", "reservierungen",
    "principal", "promociones", "notificaciones", "foros", "compras", "viajes", "finanzas", "reservas",
    "pessoal", "promoções", "atualizações", "fóruns", "viagens", "finanças",
    "personale", "promozioni", "aggiornamenti", "forum", "acquisti", "viaggi", "finanza", "prenotazioni",
    "persoonlijk", "primair", "sociaal", "reclame", "aankopen", "reizen", "financiën", "reserveringen",
    "personligt", "privat", "socialt", "sociala nätverk", "kampanjer", "uppdateringar", "reklame", "opdateringer", "oppdateringer", "fora", "køb", "kjøp", "inköp", "resor", "rejser", "reiser",
    "henkilökohtainen", "sosiaalinen media", "tarjoukset", "ilmoitukset", "keskustelupalstat", "osobiste", "społeczności", "oferty", "powiadomienia", "osobní", "sociální sítě", "promo akce", "aktualizace", "fóra",
    "személyes", "közösségi", "promóciók", "frissítések", "fórumok", "kişisel", "sosyal", "tanıtımlar", "güncellemeler", "forumlar",
    "несортированные", "соцсети", "промоакции", "оповещения", "форумы", "メイン", "ソーシャル", "プロモーション", "新着", "フォーラム", "기본", "소셜", "프로모션", "업데이트", "포럼",
    "个人", "社交", "推广", "动态", "论坛", "個人", "促銷內容", "最新快訊", "論壇",
];

/// What mail programs and servers call folders beside what Gmail calls its labels, in lower case: a label of a user's own may have
/// such a name, and is none of Gmail's.
#[rustfmt::skip]
const FOLDERS: &[(Role, &[&str])] = &[
    (Role::Inbox, &[
        "in-box", "sisendkaust", "받은 편지함", "skrzynka odbiorcza", "受信箱", "bejövő üzenetek", "beérkezett üzenetek", "ulazna pošta", "mottagna", "postilaatikko (saapuneet)",
    ]),
    (Role::Sent, &[
        "sent items", "sent messages", "sent-mail", "sentmail", "sent objects", "éléments envoyés", "objets envoyés", "courrier envoyé", "courriers envoyés", "gesendete elemente", "gesendete objekte", "gesendete nachrichten",
        "elementos enviados", "elementi inviati", "verzonden items", "verzonden objecten", "skickade objekt", "sendte elementer", "sendt post", "lähetetyt kohteet", "elementy wysłane",
        "odoslaná pošta", "odeslané položky", "elküldött elemek", "elemente trimise", "надіслані елементи", "gönderilmiş öğeler", "gönderilen postalar", "gönderilmiş", "送信済みアイテム", "보낸 편지함", "已发送邮件",
        "已傳送的郵件", "العناصر المرسلة", "פריטים שנשלחו", "elements enviats", "poslane stavke", "poslani elementi", "изпратени елементи", "mục đã gửi", "item terkirim", "รายการที่ถูกส่ง",
        "saadetud üksused", "nosūtītie vienumi", "išsiųsti elementai", "στοιχεία απεσταλμένα", "послате ставке", "sendir hlutir",
    ]),
    (Role::Drafts, &[
        "entwurf", "kopie robocze", "szkice", "rozepsané", "ciorne", "ontwerpen", "utkaster", "szablony robocze", "черновик", "草稿夾", "skici",
    ]),
    (Role::Trash, &[
        "deleted", "trash can", "trash bin", "wastebasket", "rubbish", "éléments supprimés", "messages supprimés", "objets supprimés", "poubelle", "gelöschte elemente", "gelöschte objekte", "gelöschte nachrichten", "gelöscht",
        "elementos eliminados", "eliminados", "posta eliminata", "elementi eliminati", "itens excluídos", "itens eliminados", "excluídos", "verwijderde items", "verwijderd", "borttaget", "borttagna objekt",
        "slettet post", "slettede elementer", "slettet", "poistetut", "poistetut kohteet", "elementy usunięte", "odstraněná pošta", "odstraněné položky", "odstránená pošta", "vymazané položky", "törölt elemek",
        "elemente șterse", "удаленные", "удалённые", "удаленные элементы", "видалені", "видалені елементи", "διαγραμμένα", "silinmiş öğeler", "削除済みアイテム", "지운 편지함", "已删除", "已刪除的郵件", "刪除的郵件",
        "العناصر المحذوفة", "פריטים שנמחקו", "elements suprimits", "izbrisane stavke", "izbrisano", "изтрити", "изтрити елементи", "mục đã xóa", "item terhapus", "รายการที่ถูกลบ", "kustutatud üksused",
        "izdzēstie vienumi", "naikinti elementai",
    ]),
    (Role::Junk, &[
        "junk mail", "bulk", "spam mail", "indésirables", "courriers indésirables", "courrier indesirable", "junk-e-mail", "junk-mail", "unerwünscht", "unerwünschte werbung", "spamverdacht", "correo basura", "indesiderata",
        "lixo eletrónico", "lixo electrónico", "ongewenst", "ongewenste mail", "uønsket post", "uønsket e-post", "wiadomości-śmieci", "e-mail nedorit", "нежелательная почта", "небажана пошта", "gereksiz e-posta", "gereksiz",
        "정크 메일", "垃圾箱", "البريد الإلكتروني غير الهام", "neželena e-pošta", "correu brossa (spam)", "thư rác (spam)", "อีเมลขยะ", "rämpspost (spam)", "nevēlamais e-pasts",
    ]),
    (Role::Archive, &[
        "archive", "archives", "archiv", "archivo", "archivos", "archivio", "arquivo", "arquivos", "archief", "arkiv", "arkisto", "archiwum", "archív", "archívum", "arhivă", "arhiva", "arhiv", "архів", "αρχείο", "αρχειοθήκη",
        "arşiv", "보관", "보관함", "存档", "存檔", "封存", "归档", "أرشيف", "الأرشيف", "ארכיון", "arxiu", "lưu trữ", "arsip", "arhīvs", "archyvas", "arhiiv",
    ]),
];

static FOLDER_ROLES: LazyLock<HashMap<&str, Role>> =
    LazyLock::new(|| FOLDERS.iter().flat_map(|(role, names)| names.iter().map(|name| (*name, *role))).collect());

static BY_NAME: LazyLock<HashMap<&str, SystemLabel>> =
    LazyLock::new(|| NAMES.iter().flat_map(|(label, names)| names.iter().map(|name| (*name, *label))).collect());

impl SystemLabel {
    /// The system label that `name` is in any language.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('\u{a0}', " ").replace('’', "'");
        let name = name.trim();
        BY_NAME.get(name).copied().or_else(|| match name.split_once([':', '：']) {
            Some((word, _)) => CATEGORY.contains(&word.trim_end()).then_some(Other),
            None => {
                let (word, of) = name.split_once(' ')?;
                // As Gmail's programming interface calls them, too.
                (CATEGORY.contains(&word) && CATEGORIES.contains(&of.trim_start())).then_some(Other)
            }
        })
    }

    /// What a folder of this name is for, in any language.
    pub(crate) fn role_of_folder(name: &str) -> Option<Role> {
        let folded = name.to_lowercase().replace('\u{a0}', " ").replace('’', "'");
        FOLDER_ROLES.get(folded.trim()).copied().or_else(|| Self::of(name)?.role())
    }

    /// What the folder of this label is for; `None` for a label that is no folder of a known role.
    pub(crate) fn role(self) -> Option<Role> {
        match self {
            Trash => Some(Role::Trash),
            Spam => Some(Role::Junk),
            Drafts => Some(Role::Drafts),
            Inbox => Some(Role::Inbox),
            Sent => Some(Role::Sent),
            Archived => Some(Role::Archive),
            Chat | Starred | Important | Unread | Other => None,
        }
    }

    pub(crate) fn is_folder(self) -> bool {
        self.role().is_some() || self == Chat
    }

    pub(crate) fn keyword(self) -> Option<&'static str> {
        match self {
            Starred => Some(Keywords::FLAGGED),
            Important => Some(Keywords::IMPORTANT),
            Drafts => Some(Keywords::DRAFT),
            Spam => Some(Keywords::JUNK),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_system_labels_of_many_languages() {
        for (name, label) in [
            ("Inbox", Inbox),
            ("Boîte de réception", Inbox),
            ("Posteingang", Inbox),
            ("受信トレイ", Inbox),
            ("Gelen Kutusu", Inbox),
            ("Messages envoyés", Sent),
            ("Envoyé", Sent),
            ("보낸편지함", Sent),
            ("Отправленные", Sent),
            ("Odesláno", Sent),
            ("Corbeille", Trash),
            ("Papierkorb", Trash),
            ("ゴミ箱", Trash),
            ("Non lus", Unread),
            ("Nepřečtené", Unread),
            ("Ouvert", Other),
            ("Messages archivés", Archived),
            ("Catégorie\u{a0}: E-mails personnels", Other),
            ("Kategorie: \"Neuigkeiten\"", Other),
            ("Category Promotions", Other),
            ("Wichtig", Important),
        ] {
            assert_eq!(SystemLabel::of(name), Some(label), "{name}");
        }
        for (name, label) in [
            ("Kategorie Werbung", Other),
            ("Catégorie Réseaux sociaux", Other),
            ("Categoría Promociones", Other),
            ("カテゴリ: ソーシャル", Other),
            ("Safata d’entrada", Inbox),
            ("Lugemata", Unread),
            ("Otvoreno", Other),
        ] {
            assert_eq!(SystemLabel::of(name), Some(label), "{name}");
        }
        for name in ["Category theory", "Projects/Inbox", "Inboxes", "Kategorie A", "Personal", "Sent Items", "Archive"]
        {
            assert_eq!(SystemLabel::of(name), None, "{name}");
        }
    }

    #[test]
    fn folders_have_their_roles_in_many_languages() {
        for (name, role) in [
            ("Éléments envoyés", Role::Sent),
            ("Gesendete Elemente", Role::Sent),
            ("Sent Items", Role::Sent),
            ("Elementos eliminados", Role::Trash),
            ("Verwijderde items", Role::Trash),
            ("Удаленные", Role::Trash),
            ("Junk-E-Mail", Role::Junk),
            ("Courrier indésirable", Role::Junk),
            ("Archives", Role::Archive),
            ("アーカイブ", Role::Archive),
            ("받은 편지함", Role::Inbox),
            ("INBOX", Role::Inbox),
            ("Entwürfe", Role::Drafts),
        ] {
            assert_eq!(SystemLabel::role_of_folder(name), Some(role), "{name}");
        }
        for name in ["Outbox", "Kunden", "Inbox 2", "Important", "Chats", ""] {
            assert_eq!(SystemLabel::role_of_folder(name), None, "{name}");
        }
    }

    #[test]
    fn no_name_has_two_meanings_and_every_name_is_in_lower_case() {
        let all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let all: Vec<&str> =
            all.into_iter().chain(FOLDERS.iter().flat_map(|(_, names)| names.iter().copied())).collect();
        for name in &all {
            assert_eq!(all.iter().filter(|other| other == &name).count(), 1, "{name}");
            assert_eq!(*name, name.to_lowercase().trim(), "{name}");
        }
    }
}
