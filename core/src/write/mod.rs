//! From items to files: EML archives and the containers they are put in.
