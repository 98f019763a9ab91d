//! MBOX in all its forms: mboxo, mboxrd, mboxcl, mboxcl2 and MMDF.
