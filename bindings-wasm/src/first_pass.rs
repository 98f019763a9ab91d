use mailferry::{
    convert::{Selection, Selector, Survey},
    read::Mailbox,
};

/// The first pass over the sources, where a selection needs one, in steps.
pub(crate) struct FirstPass(Option<Survey>);

impl FirstPass {
    /// Of a mailbox with the same sources as the one whose items will be selected.
    pub(crate) fn new(selection: &Selection, mailbox: Mailbox) -> Self {
        Self(Some(Survey::new(selection, mailbox)))
    }

    /// Goes on until `octets` more are behind, or some thousand items; what applies the selection when nothing is left.
    pub(crate) fn step(&mut self, octets: f64) -> Option<Selector> {
        let survey = self.0.as_mut()?;
        let position = |survey: &Survey| survey.mailbox().map_or(0, Mailbox::position) as f64;
        let until = position(survey) + octets;
        for _ in 0..1_024 {
            if !survey.step() {
                return self.0.take().map(Survey::finish);
            }
            if position(survey) >= until {
                break;
            }
        }
        None
    }

    /// What is being looked at, until the end.
    pub(crate) fn mailbox(&self) -> Option<&Mailbox> {
        self.0.as_ref()?.mailbox()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_none()
    }
}
