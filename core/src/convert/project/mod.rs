//! Many mailboxes, each converted to a destination of its own, from one table.

mod omm;
mod page;
mod report;
mod run;
mod table;

pub use omm::{OMM_HEADER, OmmAccount, OmmTable, Password};
pub use report::{MailboxReport, MailboxState, ProjectReport};
pub use run::{ProjectMailbox, ProjectOptions, check_project_files, run_project};
pub use table::{Project, ProjectRow};
