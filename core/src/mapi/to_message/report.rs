use super::Translator;
use crate::{
    mapi::{address_book::MapiAddress, contents::from, pid, values::Values},
    mime::compose::{Entity, HeaderWriter},
    source::Content,
};

impl Translator<'_> {
    /// A delivery report (RFC 3464) or a receipt (RFC 8098) as multipart/report ([MS-OXCMAIL] 2.1.3.2.2, 2.1.3.2.3).
    pub(super) fn report(&mut self, class: &str) -> Entity {
        let is_receipt = class.ends_with("IPNRN") || class.ends_with("IPNNRN");
        let mut bodies = self.bodies();
        let mut attached = self.attached(&mut bodies.html);
        attached.mixed.extend(super::kept_rtf(&mut bodies));
        if bodies.plain.is_none() && bodies.html.is_none() {
            bodies.plain = Some(self.report_text().into());
        }
        let text = super::alternative(self.alternatives(bodies));
        let kind = if is_receipt { "disposition-notification" } else { "delivery-status" };
        let media_type = format!("message/{kind}");
        // What came as mail brought its own: who is to blame stands there, and nowhere else.
        let own = attached.mixed.iter().position(|entity| entity.media_type() == media_type);
        let status = own.map_or_else(
            || {
                let made = match is_receipt {
                    true => self.disposition_notification(class.ends_with("IPNRN")),
                    false => self.delivery_status(class),
                };
                Entity::message(&media_type, Content::from(made.into_octets()))
            },
            |place| attached.mixed.remove(place),
        );
        let mut parts = vec![text, status];
        parts.extend(attached.related);
        parts.extend(attached.mixed);
        Entity::multipart("report", parts).parameter("report-type", kind)
    }

    fn report_text(&self) -> String {
        let rows = self.message.recipients.iter().map(|row| Values::of_part(row, self.message));
        let texts = rows.filter_map(|row| row.text(pid::REPORT_TEXT));
        let text: Vec<String> = self.values.text(pid::REPORT_TEXT).into_iter().chain(texts).collect();
        text.join("\r\n")
    }

    fn delivery_status(&mut self, class: &str) -> HeaderWriter {
        let is_delivered = class.ends_with(".DR");
        let mut out = HeaderWriter::default();
        let agent = self.values.text(pid::REMOTE_MESSAGE_TRANSFER_AGENT);
        out.text("Reporting-MTA", &format!("dns; {}", agent.as_deref().unwrap_or("unknown.invalid")));
        for row in &self.message.recipients {
            let row = Values::of_part(row, self.message);
            let recipient = self.book.resolve(&MapiAddress::of_recipient(row), &mut self.defects);
            out.verbatim(b"\r\n");
            out.text("Final-Recipient", &format!("rfc822; {}", recipient.address));
            out.text("Action", if is_delivered { "delivered" } else { "failed" });
            let code = row.integer(pid::NDR_STATUS_CODE).filter(|code| (200..600).contains(code));
            let status = match code {
                Some(code) => format!("{}.{}.{}", code / 100, code / 10 % 10, code % 10),
                None if is_delivered => "2.0.0".to_owned(),
                None => "5.0.0".to_owned(),
            };
            out.text("Status", &status);
            if let Some(agent) = row.text(pid::REMOTE_MESSAGE_TRANSFER_AGENT) {
                out.text("Remote-MTA", &format!("dns; {agent}"));
            }
            if let Some(text) = row.text(pid::SUPPLEMENTARY_INFO) {
                out.text("Diagnostic-Code", &format!("smtp; {text}"));
            }
        }
        out
    }

    fn disposition_notification(&mut self, was_read: bool) -> HeaderWriter {
        let mut out = HeaderWriter::default();
        let reader = self.book.resolve(&from(self.values).unwrap_or_default(), &mut Vec::new());
        out.text("Final-Recipient", &format!("rfc822; {}", reader.address));
        let original = self.values.text(pid::ORIGINAL_MESSAGE_ID).or_else(|| self.values.text(pid::IN_REPLY_TO_ID));
        if let Some(id) = original {
            out.tokens("Original-Message-ID", [&*id]);
        }
        out.text(
            "Disposition",
            if was_read {
                "manual-action/MDN-sent-automatically; displayed"
            } else {
                "manual-action/MDN-sent-automatically; deleted"
            },
        );
        out
    }
}
