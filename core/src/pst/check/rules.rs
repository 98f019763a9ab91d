//! The rules, each once, as data.

use super::findings::Severity;

/// What a rule says and where it stands.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) section: &'static str,
    pub(super) meaning: &'static str,
}

macro_rules! rules {
    ($($rule:ident, $severity:ident, $name:literal, $section:literal, $meaning:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Rule { $($rule),* }

        impl Rule {
            pub(super) fn line(self) -> Line {
                match self {
                    $(Self::$rule => Line {
                        name: $name, severity: Severity::$severity, section: $section, meaning: $meaning,
                    }),*
                }
            }
        }

        #[cfg(test)]
        pub(super) const ALL: &[Rule] = &[$(Rule::$rule),*];
    };
}

rules! {
    HeaderMagic, Error, "header-magic", "[MS-PST] 2.2.2.6", "a store starts with the bytes !BDN and names its kind with SM (SO in an OST)";
    HeaderVersion, Error, "header-version", "[MS-PST] 2.2.2.6", "wVer is 14 or 15 (ANSI), 23 (Unicode), 36 or 37 (OST); wVerClient is 19, in an OST 12";
    HeaderPlatform, Error, "header-platform", "[MS-PST] 2.2.2.6", "bPlatformCreate and bPlatformAccess are 1";
    HeaderCrc, Error, "header-crc", "[MS-PST] 2.2.2.6", "the checksums of the header (dwCRCPartial, dwCRCFull) are those of its bytes";
    HeaderSentinel, Error, "header-sentinel", "[MS-PST] 2.2.2.6", "bSentinel is 0x80";
    HeaderEncoding, Error, "header-encoding", "[MS-PST] 2.2.2.6", "bCryptMethod is 0 (none), 1 (permute) or 2 (cyclic)";
    HeaderCounters, Error, "header-node-counters", "[MS-PST] 2.2.2.6", "the counter of a type of nodes (rgnid) is not below its start value or the highest index in use";
    HeaderNextBid, Error, "header-next-bid", "[MS-PST] 2.2.2.6", "the next identifier of blocks and of pages (bidNextB, bidNextP) is above all that are in use; the two low bits of that of blocks are clear";
    HeaderUnique, Error, "header-unique", "[MS-PST] 2.2.2.6", "dwUnique changes whenever the header is written, so it is not 0";
    HeaderReserved, Warning, "header-reserved", "[MS-PST] 2.2.2.6", "reserved fields are 0; the high half of qwUnused counts blocks that wait to be freed";
    HeaderFreeMaps, Error, "header-free-maps", "[MS-PST] 2.2.2.6", "rgbFM and rgbFP are out of use: all their bytes are 0xFF";
    RootEnd, Error, "root-file-end", "[MS-PST] 2.2.2.5", "ibFileEof is the size of the file, and the file ends where the range of its last allocation map ends";
    RootLastMap, Error, "root-last-map", "[MS-PST] 2.2.2.5", "ibAMapLast is the offset of the last allocation map";
    RootFree, Error, "root-free-space", "[MS-PST] 2.2.2.5", "cbAMapFree is the free space of all allocation maps, and cbPMapFree is 0";
    RootValid, Error, "root-maps-valid", "[MS-PST] 2.2.2.5", "fAMapValid is 2: the allocation maps can be trusted";
    PageRange, Error, "page-range", "[MS-PST] 2.2.2.7", "a page lies inside the file, at a multiple of its size";
    PageType, Error, "page-type", "[MS-PST] 2.2.2.7.1", "a page is of the type that is expected there, and says so twice";
    PageSignature, Error, "page-signature", "[MS-PST] 2.2.2.7.1", "wSig of a page is made of its offset and its identifier, and 0 in maps";
    PageCrc, Error, "page-crc", "[MS-PST] 2.2.2.7.1", "the checksum of a page is that of its bytes";
    PageBid, Error, "page-bid", "[MS-PST] 2.2.2.7.1", "a page has the identifier by which it is referred to, a map its offset, and no other page has it";
    AmapUsed, Error, "amap-in-use", "[MS-PST] 2.2.2.7.2", "the allocation map marks the space of every page and block as used";
    AmapUnused, Error, "amap-not-in-use", "[MS-PST] 2.2.2.7.2", "the allocation map marks no other space as used";
    PmapBits, Error, "pmap-bits", "[MS-PST] 2.2.2.7.3", "page maps are out of use: all their bits are set";
    FmapOctets, Error, "fmap-octets", "[MS-PST] 2.2.2.7.5", "free maps and free page maps are out of use: all their bytes are 0xFF";
    DensityList, Error, "density-list", "[MS-PST] 2.2.2.7.4", "the density list is there, names maps that are there once each, and how much is free in them";
    TreeEntries, Error, "btree-entries", "[MS-PST] 2.2.2.7.7.1", "a page of a B-tree has at most cEntMax entries of cbEnt bytes, and one at least below the root";
    TreeLevel, Error, "btree-level", "[MS-PST] 2.2.2.7.7.1", "cLevel falls by one with each step down, to 0 in leaves";
    TreeOrder, Error, "btree-order", "[MS-PST] 2.2.2.7.7.1", "the keys of a B-tree rise, and those of a page are below the next key of its parent";
    TreeKey, Error, "btree-parent-key", "[MS-PST] 2.2.2.7.7.2", "the key of an entry is the first key of the page that it refers to";
    TreePages, Error, "btree-pages", "[MS-PST] 2.2.2.7.7.2", "every page of a B-tree is referred to once";
    TreeReserved, Warning, "btree-reserved", "[MS-PST] 2.2.2.7.7.1", "dwPadding of a page is 0, and the upper half of a node's identifier";
    BlockPlace, Error, "block-place", "[MS-PST] 2.2.2.8", "a block lies inside the file, behind the first map, at a multiple of 64 bytes (OST: 512)";
    BlockSize, Error, "block-size", "[MS-PST] 2.2.2.8", "a block has 1 to 8,176 bytes of data (ANSI 8,180, OST 65,512)";
    BlockOverlap, Error, "block-overlap", "[MS-PST] 2.2.2.7.2", "pages and blocks do not overlap";
    BlockTrailer, Error, "block-trailer", "[MS-PST] 2.2.2.8.1", "the trailer of a block has the size and the identifier that the block B-tree has";
    BlockSignature, Error, "block-signature", "[MS-PST] 2.2.2.8.1", "wSig of a block is made of its offset and its identifier";
    BlockCrc, Error, "block-crc", "[MS-PST] 2.2.2.8.1", "the checksum of a block is that of its bytes";
    BlockInflate, Error, "block-inflate", "[MS-PST] 2.2.2.8.1", "a compressed block of an OST expands to the size that is stated";
    BlockId, Error, "block-id", "[MS-PST] 2.2.2.2", "bit 0 of a block's identifier is clear in the block B-tree";
    BlockReferences, Error, "block-reference-count", "[MS-PST] 2.2.2.7.7.3", "cRef of a block is 1 more than the references to it";
    BlockUnreferenced, Error, "block-unreferenced", "[MS-PST] 2.2.2.7.7.3", "every block is referred to";
    BlockMissing, Error, "block-missing", "[MS-PST] 2.2.2.7.7.3", "every block that is referred to is in the block B-tree";
    NodeData, Error, "node-data", "[MS-PST] 2.2.2.7.7.4", "nodes of this type have data";
    NodeSubnodes, Error, "node-subnodes", "[MS-PST] 2.2.2.7.7.4", "the subnodes of a node (bidSub) are in an internal block of their own kind";
    NodeParent, Error, "node-parent", "[MS-PST] 2.2.2.7.7.4.1", "the parent of a folder or a message is a folder that is there; other nodes have none";
    NodeType, Warning, "node-type", "[MS-PST] 2.2.2.1", "the type of a node is a known one";
    XblockType, Error, "xblock-type", "[MS-PST] 2.2.2.8.3.2", "a list of data blocks is an XBLOCK of data blocks or an XXBLOCK of XBLOCKs";
    XblockEntries, Error, "xblock-entries", "[MS-PST] 2.2.2.8.3.2.1", "a list of data blocks has one entry at least and is as long as its entries";
    XblockTotal, Error, "xblock-total", "[MS-PST] 2.2.2.8.3.2.1", "lcbTotal is the sum of the bytes of the data blocks";
    SubnodeType, Error, "slblock-type", "[MS-PST] 2.2.2.8.3.3", "a list of subnodes is an SLBLOCK, or an SIBLOCK of SLBLOCKs";
    SubnodeEntries, Error, "slblock-entries", "[MS-PST] 2.2.2.8.3.3.1", "a list of subnodes has one entry at least and is as long as its entries";
    SubnodeOrder, Error, "slblock-order", "[MS-PST] 2.2.2.8.3.3.1", "the identifiers of subnodes rise, and the key of an SIENTRY is the first of its SLBLOCK";
    HeapSignature, Error, "heap-signature", "[MS-PST] 2.3.1.2", "the data of the node is a heap with the signature of what it holds";
    HeapMap, Error, "heap-map", "[MS-PST] 2.3.1.5", "the map of allocations (HNPAGEMAP) lies in its block; the allocations begin behind its header, rise, and end before the map";
    HeapFree, Error, "heap-free", "[MS-PST] 2.3.1.5", "cFree is the number of empty allocations";
    HeapFill, Error, "heap-fill-level", "[MS-PST] 2.3.1.2", "the fill level of a heap's block tells how much of it is free";
    HeapId, Error, "heap-id", "[MS-PST] 2.3.1.1", "an identifier in a heap (HID) names an allocation, which has at most 3,580 bytes";
    HeapShared, Error, "heap-shared", "[MS-PST] 2.3.1.1", "one value only is in an allocation of a heap";
    HeapUnused, Warning, "heap-unused", "[MS-PST] 2.3.1.5", "an allocation that nothing names is freed, and so has no bytes";
    BthHeader, Error, "bth-header", "[MS-PST] 2.3.2.1", "a B-tree on a heap has the signature 0xB5 and keys and records of the sizes of what it holds";
    BthRecords, Error, "bth-records", "[MS-PST] 2.3.2.2", "a part of a B-tree on a heap is whole records, and the key above it its first";
    BthOrder, Error, "bth-order", "[MS-PST] 2.3.2.3", "the keys of a B-tree on a heap rise";
    PropertyKind, Error, "property-type", "[MS-PST] 2.3.3.3", "the type of a property or a column is a known one";
    PropertyPlace, Error, "property-value", "[MS-PST] 2.3.3.2", "the value of a property is in the heap or in a subnode that is there, and an empty one is nowhere";
    PropertySize, Error, "property-size", "[MS-PST] 2.3.3.3", "a value has the size of its type";
    PropertySpare, Warning, "property-spare", "[MS-PST] 2.3.3.3", "unused bytes of a value that is in its record are 0, and a boolean is 0 or 1";
    PropertyMultiple, Error, "property-multiple", "[MS-PST] 2.3.3.4", "the offsets of a property's several values rise and lie within it";
    SubnodeUnused, Warning, "subnode-unused", "[MS-PST] 2.2.2.8.3.3", "a property, a table or an object names every subnode";
    TextKind, Warning, "text-kind", "[MS-PST] 2.3.3", "text is Unicode, in an ANSI store of 8 bits";
    TextOctets, Warning, "text-octets", "[MS-PST] 2.3.3", "text is whole characters of UTF-16, without NUL";
    TableHeader, Error, "table-header", "[MS-PST] 2.3.4.1", "a table has a TCINFO with the signature 0x7C, as many columns as it says, and their areas in order";
    TableColumns, Error, "table-columns", "[MS-PST] 2.3.4.2", "columns are sorted, there once, of the size of their types, and do not overlap";
    TableIndex, Error, "table-index", "[MS-PST] 2.3.4.3", "the row index names every row once, by its identifier";
    TableRows, Error, "table-rows", "[MS-PST] 2.3.4.4", "the rows of a table are as many as its index has, whole ones in every block";
    TableBits, Error, "table-existence-bits", "[MS-PST] 2.3.4.4.1", "the existence bits of a row (CEB) have those of its identifier, and none that no column has";
    TableCell, Error, "table-cell", "[MS-PST] 2.3.4.4.2", "the value of a cell is in the heap or in a subnode that is there, of the size of its type";
    NodeRequired, Error, "node-required", "[MS-PST] 2.7.1", "every store has this node";
    NodeExpected, Error, "node-expected", "[MS-PST] 2.4.1", "stores of Outlook 2010 and later have this node";
    QueueEntries, Error, "queue-entries", "[MS-PST] 2.4.8.4", "a queue is a whole number of its entries";
    ReceiveFolder, Error, "receive-folder", "[MS-PST] 2.4.1", "the receive folder table has a row of the class \"\", and its rows name folders";
    TemplateRows, Error, "template-rows", "[MS-PST] 2.4.4.4.1", "a template of a table has no rows";
    TableRequired, Error, "table-required-columns", "[MS-PST] 2.4.4.4", "a table has the columns that it must have";
    StoreProperty, Error, "store-property", "[MS-PST] 2.4.3", "the message store has this property";
    StoreKey, Error, "store-record-key", "[MS-PST] 2.4.3.1", "the record key of a store is 16 bytes that are not all 0";
    StoreEntry, Error, "store-entry-id", "[MS-PST] 2.4.3.2", "an entry identifier is 24 bytes: flags of 0, the record key of the store, and a folder that is there";
    StoreMask, Error, "store-folder-mask", "[MS-PST] 2.4.3", "PidTagValidFolderMask names no folder whose entry identifier is missing";
    NamesStream, Error, "names-streams", "[MS-PST] 2.4.7", "the map of named properties has its streams, in whole entries in order, and 251 buckets";
    NamesSet, Error, "names-property-set", "[MS-PST] 2.4.7.2", "a named property is of a property set that is in the stream of these";
    NamesText, Error, "names-string", "[MS-PST] 2.4.7.4", "the name of a property lies in the stream of strings, at a multiple of 4";
    NamesTwice, Error, "names-twice", "[MS-PST] 2.4.7", "no two identifiers have one name";
    NamesBucket, Error, "names-bucket", "[MS-PST] 2.4.7.5", "every named property is in the bucket of its hash, once, and nothing else is";
    NamesUsed, Error, "names-used", "[MS-PST] 2.4.7", "properties from 0x8000 on are in the map of named properties";
    FolderNodes, Error, "folder-nodes", "[MS-PST] 2.4.4", "a folder has tables of folders, of contents and of hidden contents; a search folder its queue and criteria";
    FolderProperty, Error, "folder-property", "[MS-PST] 2.4.4.1.1", "a folder has a name that is not empty, counts of messages and of unread ones, and whether it has folders";
    FolderTree, Error, "folder-tree", "[MS-PST] 2.4.4", "every folder is below the root folder, which is its own parent";
    FolderCount, Error, "folder-count", "[MS-PST] 2.4.4.1.1", "the counts of a folder are those of its table of contents, and whether it has folders is what its table says";
    FolderNames, Warning, "folder-names", "[MS-PST] 2.4.4", "folders side by side have different names";
    HierarchyRow, Error, "hierarchy-row", "[MS-PST] 2.4.4.4", "the table of folders has a row for every folder below, and no other";
    HierarchyMirror, Error, "hierarchy-mirror", "[MS-PST] 2.4.4.4", "a row of the table of folders says what the folder says";
    ContentsRow, Error, "contents-row", "[MS-PST] 2.4.4.5", "the table of contents has a row for every message of the folder, and no other";
    ContentsMirror, Error, "contents-mirror", "[MS-PST] 2.4.4.5.1", "a row of the table of contents says what the message says";
    ContentsCell, Error, "contents-cell", "[MS-PST] 2.4.4.5.1", "a row of the table of contents has the values that the message has";
    MessageProperty, Error, "message-property", "[MS-PST] 2.4.5.1.1", "a message has this property";
    MessageSize, Error, "message-size", "[MS-PST] 2.4.5.1.1", "PidTagMessageSize is the bytes of the data blocks of the message's node and its subnodes";
    MessageSubject, Error, "message-subject", "[MS-PST] 2.5.3.1.1", "the length of a subject's prefix lies within the subject";
    MessageFlags, Error, "message-attachment-flag", "[MS-PST] 2.4.5.1.1", "the flag of attachments says whether there are any";
    MessageBody, Warning, "message-body", "[MS-PST] 2.4.5", "PidTagNativeBody names a body that is there, and HTML goes with its code page";
    MessageKey, Error, "message-search-key", "[MS-PST] 2.4.5.1.1", "the search key of a message is 16 bytes that are not all 0";
    MessageTime, Error, "message-time", "[MS-PST] 2.4.5", "times of messages lie between 1925 and 2080";
    MessageRtf, Error, "message-rtf", "[MS-OXRTFCP] 2.1.3", "compressed RTF has a header, a size and a checksum that fit";
    RecipientTable, Error, "recipient-table", "[MS-PST] 2.4.5.3", "a message that shows recipients has a table of them";
    RecipientType, Error, "recipient-type", "[MS-PST] 2.4.5.3.1", "the type of a recipient is 0 to 3";
    RecipientProperty, Error, "recipient-property", "[MS-PST] 2.4.5.3.1", "a recipient has a name, an address and its type, and a search key";
    RecipientEntry, Error, "recipient-entry-id", "[MS-OXCDATA] 2.2.5.1", "the entry identifier of a one-off recipient has its three texts";
    RecipientShown, Error, "recipient-display", "[MS-PST] 2.4.5.1.1", "the texts of recipients (To, Cc, Bcc) list those of the table, and are missing where there is nobody";
    AttachmentNode, Error, "attachment-node", "[MS-PST] 2.4.6", "the rows of the attachment table are the attachments that are there";
    AttachmentProperty, Error, "attachment-property", "[MS-PST] 2.4.6.1.1", "an attachment has a size, a method and a place";
    AttachmentMirror, Error, "attachment-mirror", "[MS-PST] 2.4.6.1", "a row of the attachment table says what the attachment says";
    AttachmentMethod, Error, "attachment-method", "[MS-PST] 2.4.6.2", "the method of an attachment fits its data";
    AttachmentObject, Error, "attachment-object", "[MS-PST] 2.4.6.2.2", "an embedded message is a subnode with the properties of a message, and an object has the size that is stated";
    AttachmentSize, Error, "attachment-size", "[MS-PST] 2.4.6.1.1", "PidTagAttachSize is the bytes of all values of the attachment";
    Unreadable, Error, "not-checked", "[MS-PST] 2.2.2.8.3", "structures are nested or shared far more than any store needs, so the rest of this was not checked";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_section() {
        let names: HashSet<&str> = ALL.iter().map(|rule| rule.line().name).collect();
        assert_eq!(names.len(), ALL.len());
        for rule in ALL {
            let line = rule.line();
            assert!(line.name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-'), "{}", line.name);
            let number = line.section.rsplit(' ').next().unwrap();
            assert!(number.split('.').all(|part| part.parse::<u32>().is_ok()), "{}", line.section);
        }
    }
}
