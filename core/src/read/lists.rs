/// Whether items are made of what the lists of their folders tell of them, where a source has such lists: those of a store of Outlook.
///
/// What is listed is not opened then: a message is nothing but its `Subject`, its `Date`, and its `From` with a name and no address, as
/// the list shows them, and its size is not known; its kind, folder, date of arrival and states are those of the item itself. What the list
/// does not tell enough of is opened after all: calendar objects, contacts, text in 8 bits, what has no date. Damage in messages is not met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// Items are opened.
    #[default]
    Unused,
    /// Lists tell of an item, but not all of its states.
    Headers,
    /// Lists tell of an item and of all of its states, where they have them.
    HeadersAndStates,
}
