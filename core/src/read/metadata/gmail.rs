//! The labels of Gmail, as Google Takeout writes them into `X-Gmail-Labels`: in the language of the account.
//!
//! The names are those of Gmail's interface; the French, German, Spanish and Czech ones were seen in real exports too.

use crate::model::{Folder, FolderPath, Keywords, Label, Role};
use std::{collections::HashMap, sync::LazyLock};

/// A label that Gmail gives by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SystemLabel {
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
    ]),
    (Sent, &[
        "sent", "sent mail", "envoyé", "envoyés", "messages envoyés", "gesendet", "enviados", "enviado", "mensajes enviados",
        "inviati", "inviata", "posta inviata", "itens enviados", "e-mails enviados", "correio enviado", "verzonden", "verzonden berichten",
        "skickat", "skickade", "skickade mail", "sendt", "sendte e-poster", "sendte mails", "lähetetyt", "wysłane", "odeslané", "odeslaná pošta", "odesláno", "odoslané",
        "elküldött üzenetek", "elküldött levelek", "trimise", "mesaje trimise", "отправленные", "надіслані", "απεσταλμένα", "gönderilmiş postalar",
        "gönderilenler", "送信済み", "送信済みメール", "보낸편지함", "已发送", "已发邮件", "寄件備份", "البريد المرسل", "مرسل", "דואר יוצא", "נשלח", "भेजा गया", "भेजे गए मेल",
        "จดหมายที่ส่งแล้ว", "ส่งแล้ว", "thư đã gửi", "đã gửi", "terkirim", "surat terkirim", "enviats", "изпратени", "poslano",
    ]),
    (Drafts, &[
        "drafts", "draft", "brouillons", "brouillon", "entwürfe", "borradores", "bozze", "rascunhos", "concepten", "utkast", "kladder",
        "luonnokset", "wersje robocze", "koncepty", "piszkozatok", "mesaje nefinalizate", "schițe", "черновики", "чернетки", "πρόχειρα",
        "taslaklar", "下書き", "임시보관함", "임시 보관함", "草稿", "草稿箱", "مسودات", "المسودات", "טיוטות", "ड्राफ़्ट", "ร่างจดหมาย", "ฉบับร่าง", "thư nháp", "draf", "esborranys", "чернови", "skice",
    ]),
    (Spam, &[
        "spam", "junk", "junk e-mail", "junk email", "bulk mail", "courrier indésirable", "correo no deseado", "posta indesiderata", "lixo eletrônico", "ongewenste e-mail", "skräppost", "søppelpost", "uønsket mail",
        "roskaposti", "levélszemét", "спам", "ανεπιθύμητα", "ανεπιθύμητη αλληλογραφία", "迷惑メール", "스팸함", "스팸", "垃圾邮件", "垃圾郵件",
        "غير مرغوب فيه", "الرسائل غير المرغوب فيها", "ספאם", "דואר זבל", "स्पैम", "จดหมายขยะ", "สแปม", "thư rác", "correu brossa", "nevyžádaná pošta", "neželjena pošta",
    ]),
    (Trash, &[
        "trash", "bin", "deleted items", "deleted messages", "corbeille", "papierkorb", "papelera", "cestino", "lixeira", "lixo", "reciclagem", "prullenbak",
        "papperskorgen", "papperskorg", "papirkurv", "papirkurven", "søppel", "roskakori", "kosz", "koš", "kôš", "kuka", "lomtár", "coș de gunoi", "coş de gunoi", "corzina",
        "корзина", "кошик", "κάδος απορριμμάτων", "κάδος", "çöp kutusu", "çöp", "ゴミ箱", "휴지통", "已删除邮件", "垃圾桶", "回收站", "المهملات", "سلة المهملات", "אשפה",
        "ट्रैश", "ถังขยะ", "thùng rác", "sampah", "paperera", "кошче", "smeće", "otpad",
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
    ]),
    (Important, &[
        "important", "importants", "wichtig", "importante", "importantes", "importanti", "belangrijk", "viktigt", "viktig", "vigtigt", "vigtig", "vigtige", "tärkeä", "tärkeät", "ważne", "důležité", "dôležité", "fontos",
        "importanță", "важное", "важные", "важливо", "важливі", "σημαντικό", "σημαντικά", "önemli", "重要", "중요", "중요편지함", "重要邮件", "重要郵件", "هام", "مهم", "חשוב", "महत्वपूर्ण", "สำคัญ", "quan trọng", "penting", "важни", "važno",
    ]),
    (Unread, &[
        "unread", "non lus", "non lu", "ungelesen", "no leídos", "no leído", "sin leer", "da leggere", "non letto", "non letti", "não lidos", "não lido", "não lida", "não lidas", "ongelezen",
        "oläst", "olästa", "ulest", "uleste", "ulæst", "ulæste", "lukematon", "lukemattomat", "nieprzeczytane", "nepřečtené", "neprečítané", "olvasatlan", "necitite", "necitit", "непрочитанные", "непрочитанное", "непрочитані", "μη αναγνωσμένα",
        "δεν έχουν διαβαστεί", "okunmadı", "okunmamış", "未読", "읽지 않음", "읽지않음", "未读", "未讀", "غير مقروءة", "غير مقروء", "לא נקרא", "שלא נקראו", "अपठित", "ยังไม่ได้อ่าน", "ยังไม่อ่าน", "chưa đọc", "belum dibaca", "no llegits", "непрочетени", "nepročitano",
    ]),
    (Other, &[
        // Opened
        "opened", "ouvert", "ouverts", "geöffnet", "abierto", "abiertos", "aperto", "aperti", "letti", "aberto", "abertos", "aberta", "abertas", "geopend", "öppnat", "öppnad", "öppnade", "åpnet", "åbnet", "avattu", "avatut", "otwarte", "otwarto",
        "otevřeno", "otevřené", "otvorené", "megnyitott", "megnyitva", "deschise", "deschis", "открытые", "открыто", "прочитанные", "відкриті", "відкрито", "ανοιγμένα", "ανοίχτηκε", "ανοίχτηκαν", "açıldı", "açılmış", "açılan", "開封済み", "열어봄", "열림", "已打开", "已開啟", "已打開",
        "مفتوح", "تم فتحها", "נפתח", "נפתחו", "खोला गया", "खोले गए", "เปิดแล้ว", "เปิดอ่านแล้ว", "đã mở", "dibuka", "oberts", "obert", "отворени", "otvoreno",
        // Categories that are spelled without a colon
        "category personal", "category social", "category promotions", "category updates", "category forums", "category purchases",
        "category travel", "category finance", "category reservations", "category primary",
        "categoría personal", "categoría social", "categoría promociones", "categoría notificaciones", "categoría foros",
        "categoria pessoal", "categoria social", "categoria promoções", "categoria atualizações", "categoria fóruns",
        "categoria personale", "categoria promozioni", "categoria aggiornamenti", "categoria forum",
    ]),
];

/// What "category" is called, in lower case; a colon and the name of the category follow.
#[rustfmt::skip]
const CATEGORY: &[&str] = &[
    "category", "catégorie", "kategorie", "categoría", "categoria", "categorie", "kategori", "kategoria", "kategória", "luokka", "категория",
    "категорія", "κατηγορία", "kategorija", "カテゴリ", "カテゴリー", "카테고리", "类别", "類別", "分類", "الفئة", "فئة", "קטגוריה", "श्रेणी", "หมวดหมู่", "danh mục",
];

static BY_NAME: LazyLock<HashMap<&str, SystemLabel>> =
    LazyLock::new(|| NAMES.iter().flat_map(|(label, names)| names.iter().map(|name| (*name, *label))).collect());

impl SystemLabel {
    /// The system label that `name` is in any language.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('\u{a0}', " ");
        let name = name.trim();
        BY_NAME.get(name).copied().or_else(|| {
            let (word, _) = name.split_once([':', '：'])?;
            CATEGORY.contains(&word.trim_end()).then_some(Other)
        })
    }

    /// What the folder of this label is for; `None` for a label that is no folder of a known role.
    pub(super) fn role(self) -> Option<Role> {
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

    fn is_folder(self) -> bool {
        self.role().is_some() || self == Chat
    }

    fn keyword(self) -> Option<&'static str> {
        match self {
            Starred => Some(Keywords::FLAGGED),
            Important => Some(Keywords::IMPORTANT),
            Drafts => Some(Keywords::DRAFT),
            Spam => Some(Keywords::JUNK),
            _ => None,
        }
    }
}

/// What the labels of one message say.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::read) struct Labels {
    pub(in crate::read) labels: Vec<Label>,
    /// The folder among them: trash, spam, drafts, inbox and sent before a label of the user's own, the archive last.
    pub(in crate::read) primary: Folder,
    pub(in crate::read) keywords: Keywords,
}

impl Labels {
    /// Reads the value of `X-Gmail-Labels`, unfolded and decoded.
    pub(super) fn parse(value: &str) -> Self {
        Self::of_names(split(value))
    }

    /// The names in such a value.
    pub(in crate::read) fn split(value: &str) -> Vec<String> {
        split(value)
    }

    /// The labels of these names.
    pub(in crate::read) fn of_names(names: impl IntoIterator<Item = String>) -> Self {
        let mut keywords = Keywords::default();
        keywords.insert(Keywords::SEEN);
        let mut labels: Vec<Label> = Vec::new();
        let mut primary: Option<(Option<SystemLabel>, Folder)> = None;
        for name in names {
            let system = SystemLabel::of(&name);
            if system == Some(Unread) {
                keywords.remove(Keywords::SEEN);
            }
            if let Some(keyword) = system.and_then(SystemLabel::keyword) {
                keywords.insert(keyword);
            }
            let folder = folder(&name, system);
            if let Some(folder) = &folder
                && primary.as_ref().is_none_or(|(chosen, _)| rank(system) < rank(*chosen))
            {
                primary = Some((system, folder.clone()));
            }
            if labels.iter().all(|label| label.name != name) {
                labels.push(Label { name, folder });
            }
        }
        // Archived mail of older exports carries no label of a folder at all.
        let archive = || Folder { path: FolderPath::new(["Archive"]), role: Some(Role::Archive) };
        Self { labels, primary: primary.map_or_else(archive, |(_, folder)| folder), keywords }
    }
}

/// The label of this name.
pub(in crate::read) fn label(name: &str) -> Label {
    Label { name: name.to_owned(), folder: folder(name, SystemLabel::of(name)) }
}

/// The folder that a label stands for, `system` if it is one of Gmail's own.
fn folder(name: &str, system: Option<SystemLabel>) -> Option<Folder> {
    match system {
        Some(label) => label.is_folder().then(|| Folder { path: FolderPath::new([name]), role: label.role() }),
        None => Some(Folder { path: FolderPath::new(name.split('/').filter(|part| !part.is_empty())), role: None }),
    }
}

fn rank(label: Option<SystemLabel>) -> u8 {
    match label {
        Some(label @ (Trash | Spam | Drafts | Inbox | Sent)) => label as u8,
        None => 10,
        Some(_) => 20,
    }
}

/// The fields of one line of comma-separated values; a quoted one may hold commas, and `""` for a quote.
fn split(value: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (label, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (label, behind) = rest.split_once(',').unwrap_or((rest, ""));
                (label.to_owned(), behind)
            }
        };
        let label = label.trim();
        if !label.is_empty() {
            labels.push(label.to_owned());
        }
        rest = behind.trim_start();
    }
    labels
}

/// The quoted field that `quoted` starts in, and what stands behind the comma after it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut label = String::new();
    let mut rest = quoted;
    loop {
        let Some((part, behind)) = rest.split_once('"') else {
            label.push_str(rest);
            return (label, "");
        };
        label.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                label.push('"');
                rest = behind;
            }
            None => {
                let (junk, behind) = behind.split_once(',').unwrap_or((behind, ""));
                label.push_str(junk.trim_end());
                return (label, behind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<String> {
        split(value)
    }

    #[test]
    fn splits_quoted_comma_separated_values() {
        assert_eq!(names("Inbox,\"Clients, 2024\",Projects/Alpha"), ["Inbox", "Clients, 2024", "Projects/Alpha"]);
        assert_eq!(names("\"say \"\"hi\"\"\", b ,, c"), ["say \"hi\"", "b", "c"]);
        assert_eq!(names("Kategorie: \"Neuigkeiten\",x"), ["Kategorie: \"Neuigkeiten\"", "x"]);
        assert_eq!(names("\"open"), ["open"]);
        assert!(names(" ").is_empty());
    }

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
        for name in ["Category theory", "Projects/Inbox", "Inboxes"] {
            assert_eq!(SystemLabel::of(name), None, "{name}");
        }
    }

    #[test]
    fn no_name_has_two_meanings_and_every_name_is_in_lower_case() {
        let all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        for name in &all {
            assert_eq!(all.iter().filter(|other| other == &name).count(), 1, "{name}");
            assert_eq!(*name, name.to_lowercase().trim(), "{name}");
        }
    }

    #[test]
    fn chooses_a_folder_and_reads_the_states() {
        let labels =
            Labels::parse("Important,Opened,\"Clients, 2024\",Inbox,Starred,Category Personal,Projects/Alpha/Specs");
        assert_eq!(labels.primary.path.names(), ["Inbox"]);
        assert_eq!(labels.primary.role, Some(Role::Inbox));
        assert_eq!(labels.keywords.iter().collect::<Vec<_>>(), ["$flagged", "$important", "$seen"]);
        let folders: Vec<_> =
            labels.labels.iter().filter_map(|label| label.folder.as_ref()).map(|f| f.path.names().to_vec()).collect();
        assert_eq!(folders, [vec!["Clients, 2024"], vec!["Inbox"], vec!["Projects", "Alpha", "Specs"]]);

        assert_eq!(Labels::parse("Archived,Unread").primary.role, Some(Role::Archive));
        assert!(!Labels::parse("Archived,Unread").keywords.contains(Keywords::SEEN));
        assert_eq!(Labels::parse("Archived,Work").primary.path.names(), ["Work"]);
        assert_eq!(Labels::parse("Work,Trash").primary.role, Some(Role::Trash));
        assert_eq!(Labels::parse("Opened").primary.path.names(), ["Archive"]);
    }
}
