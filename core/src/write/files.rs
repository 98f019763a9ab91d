use super::{
    ItemName, Lost, Product, Rendered, Renderer, Standing, WriteOptions,
    collection::{Grouping, OpenCollection},
    container::{Container, Entry, add_told},
    entry_name::{Paths, StandingFolder, extension},
    product::Tell,
};
use crate::{
    error::{Error, Result},
    hex::hex,
    model::{ComponentKind, Folder, FolderPath, Item, ItemKind},
};

/// Files that take more than one item and are open at a time.
const OPEN: usize = 32;

/// What all forms share: a container, paths in it, and files that take more than one calendar object or card.
pub(super) struct Files {
    pub(super) container: Box<dyn Container>,
    pub(super) options: WriteOptions,
    pub(super) paths: Paths,
    /// The files that take more than one item, the one used last at the end.
    open: Vec<OpenCollection>,
    products: Vec<Product>,
    /// The first file that came to nothing, and why; its items were told as written.
    error: Option<Error>,
    lost: Vec<Lost>,
    /// Whether the container was completed.
    is_complete: bool,
}

impl Files {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        Self {
            container,
            paths: Paths::new(options.shard),
            options,
            open: Vec::new(),
            products: Vec::new(),
            error: None,
            lost: Vec::new(),
            is_complete: false,
        }
    }

    pub(super) fn renderer(&self) -> Renderer {
        Renderer::new(self.options.eol, self.options.checksums, self.container.zip_level())
            .with_collections(self.options.collections.clone())
    }

    /// The folders that the item goes to.
    pub(super) fn folders(&self, item: &Item) -> Vec<Folder> {
        self.options.placement.folders(item)
    }

    /// Whether the item goes to a file with others.
    pub(super) fn is_collected(&self, item: &Item) -> bool {
        self.options.collections.grouping != Grouping::EachItem && item.message().is_none()
    }

    /// Adds a calendar object or a card to the file of its folder and gives the path that file will have.
    pub(super) fn collect(
        &mut self,
        item: &Item,
        folder: &Folder,
        path: impl Fn(&mut Paths, &'static str) -> String,
    ) -> Result<String> {
        let extension = extension(&item.kind);
        let mut found = self.open.iter().rposition(|open| open.takes(item, folder, extension));
        if let Some(at) = found
            && self.open.get(at).is_some_and(|open| !open.has_room(item, &self.options.collections.grouping))
        {
            let full = self.open.remove(at);
            self.close_now(full)?;
            found = None;
        }
        let mut open = match found {
            Some(found) => self.open.remove(found),
            None => {
                if self.open.len() >= OPEN {
                    let oldest = self.open.remove(0);
                    self.close_now(oldest)?;
                }
                let path = self.free(|files| path(&mut files.paths, extension));
                OpenCollection::new(path, item, folder, extension, &self.options.collections)
            }
        };
        let path = open.path().to_owned();
        let added = open.add(item);
        match open.is_full(&self.options.collections.grouping) {
            true => self.close_now(open)?,
            false => self.open.push(open),
        }
        added.map(|()| path)
    }

    /// The first path that `next` gives at which no file of others stands.
    pub(super) fn free(&mut self, mut next: impl FnMut(&mut Self) -> String) -> String {
        let first = next(self);
        if !self.container.is_taken(&first) {
            return first;
        }
        loop {
            let path = next(self);
            if !self.container.is_taken(&path) {
                self.products.push(Product::Kept { path: first, instead: path.clone() });
                return path;
            }
        }
    }

    /// Writes a file while items still come.
    fn close_now(&mut self, open: OpenCollection) -> Result<()> {
        self.telling_later(|files, tell| files.close(open, tell))
    }

    /// Keeps what `write` makes, to be told when it is asked for.
    pub(super) fn telling_later(&mut self, write: impl FnOnce(&mut Self, &mut Tell<'_>) -> Result<()>) -> Result<()> {
        let mut products = Vec::new();
        let written = write(self, &mut |product| {
            products.push(product);
            Ok(())
        });
        self.products.append(&mut products);
        written
    }

    /// Adds a file that goes with the items, and tells of it.
    pub(super) fn add(&mut self, entry: Entry<'_>, rendered: &Rendered, tell: &mut Tell<'_>) -> Result<()> {
        add_told(&mut *self.container, entry, rendered, tell)
    }

    /// Writes a file. That it cannot be made is no fault of the item at hand, so it is told when all else is written.
    fn close(&mut self, open: OpenCollection, tell: &mut Tell<'_>) -> Result<()> {
        let (path, items) = (open.path().to_owned(), open.items());
        let are_cards = open.is_of_cards();
        let rendered = open.finish().and_then(|content| self.renderer().render_lines(content, are_cards));
        let rendered = rendered.map_err(Error::non_fatal);
        let written =
            rendered.and_then(|rendered| self.add(Entry { synced: true, ..Entry::file(&path, None) }, &rendered, tell));
        let Err(error) = written else { return Ok(()) };
        self.lose(path.clone(), &error);
        if error.is_fatal() {
            return Err(error);
        }
        let message = format!("the file is lost, and with it the {items} items in it");
        self.error.get_or_insert(Error::new(error.kind(), message).because(error).in_file(path));
        Ok(())
    }

    /// Notes a file that came to nothing.
    pub(super) fn lose(&mut self, path: String, error: &Error) {
        self.lost.push(Lost::File { path, reason: Lost::because("the file that it was put into", error) });
    }

    /// Notes that what makes a whole of all files came to nothing, unless that was completed before.
    pub(super) fn lose_all(&mut self, error: &Error) {
        if !self.is_complete {
            self.lost.push(Lost::All { reason: Lost::because("what it belongs to", error) });
        }
    }

    /// What came to nothing; nothing is written after.
    pub(super) fn take_lost(&mut self) -> Vec<Lost> {
        let mut lost = std::mem::take(&mut self.lost);
        lost.extend(self.container.take_lost());
        lost
    }

    /// Whether a file came to nothing.
    pub(super) fn has_lost(&self) -> bool {
        self.error.is_some()
    }

    /// Completes the container, and only then tells of the first file that came to nothing.
    pub(super) fn finish_container(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.container
            .take_products()
            .into_iter()
            .chain(std::mem::take(&mut self.products))
            .try_for_each(&mut *tell)?;
        self.container.finish(tell)?;
        self.is_complete = true;
        self.error.take().map_or(Ok(()), Err)
    }

    /// A path for a calendar object or a card that is a file of its own, in the folder `name` in `around`.
    pub(super) fn single_path(
        &mut self,
        item: &Item,
        item_name: &ItemName,
        around: &FolderPath,
        name: &str,
        digest: &str,
    ) -> String {
        let folder = FolderPath::new(around.names().iter().map(String::as_str).chain([name]));
        let Self { paths, options, .. } = self;
        paths.file(&folder, &options.names, item, item_name, digest)
    }

    /// Writes a calendar object or a card to the folder `room` and tells its path.
    pub(super) fn beside_mail(
        &mut self,
        item: &Item,
        name: &ItemName,
        folder: &Folder,
        rendered: &Rendered,
    ) -> Result<String> {
        let (around, stem) = around(room(&item.kind), &folder.path);
        if self.is_collected(item) {
            return self.collect(item, folder, |paths, extension| paths.named(&around, &stem, extension));
        }
        let path = self.single_path(item, name, &around, &stem, rendered.name_digest());
        self.container.entry(Entry::file(&path, name.date), rendered)
    }

    /// Adds a file of these octets that goes with the items, while they still come.
    pub(super) fn add_octets(&mut self, path: &str, octets: Vec<u8>) -> Result<()> {
        let rendered = self.render(octets)?;
        self.telling_later(|files, tell| files.add(Entry::file(path, None), &rendered, tell))
    }

    /// Adds a file of these octets, in place of the one that an earlier run has written.
    pub(super) fn add_index(&mut self, path: &str, octets: Vec<u8>, tell: &mut Tell<'_>) -> Result<()> {
        let rendered = self.render(octets)?;
        let digest = rendered.sha256().map(|digest| hex(digest)).or(rendered.xxh3().map(|xxh3| format!("{xxh3:016x}")));
        tell(Product::Index { path: path.to_owned(), digest: digest.unwrap_or_default() })?;
        // What an earlier run or somebody else has put there is read from it, and from nowhere else.
        self.container.entry(Entry { replaces: true, synced: true, ..Entry::file(path, None) }, &rendered).map(drop)
    }

    /// What renders files of the form itself.
    pub(super) fn plain_renderer(&self) -> Renderer {
        Renderer::new(super::Eol::Keep, self.options.checksums, self.container.zip_level())
    }

    fn render(&self, octets: Vec<u8>) -> Result<Rendered> {
        self.plain_renderer().render_octets(octets.into())
    }

    /// Writes the files that are open, and the documents that go with the items.
    pub(super) fn close_all(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        let mut open = std::mem::take(&mut self.open).into_iter();
        while let Some(next) = open.next() {
            if let Err(error) = self.close(next, tell) {
                open.for_each(|open| self.lose(open.path().to_owned(), &error));
                return Err(error);
            }
        }
        for (path, text) in std::mem::take(&mut self.options.documents) {
            let rendered = self.render(text.into_bytes())?;
            self.add(Entry::file(&path, None), &rendered, tell)?;
        }
        Ok(())
    }

    /// Writes what is open, and completes the container: folders of mail are elsewhere.
    #[cfg(feature = "outlook")]
    pub(super) fn finish_beside(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.close_all(tell)?;
        self.finish_container(tell)
    }

    /// Writes what is open, and folders that stayed empty, and completes the container.
    pub(super) fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.close_all(tell)?;
        for StandingFolder { names, path, files, shard } in self.paths.folders() {
            tell(Product::Folder { path, names, files, shard })?;
        }
        for path in self.paths.empty_folders() {
            self.container.add_folder(path)?;
        }
        self.finish_container(tell)
    }

    /// What was made since the last call beside the files of one item each.
    pub(super) fn take_products(&mut self) -> Vec<Product> {
        let mut products = std::mem::take(&mut self.products);
        products.append(&mut self.container.take_products());
        products
    }

    /// Whether what an earlier run has written can be added to: it stands in a folder.
    pub(super) fn goes_on(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.container.home().is_some();
        #[cfg(target_family = "wasm")]
        false
    }

    /// The text of an index that an earlier run has left.
    pub(super) fn left_by_earlier(&self, path: &str) -> Option<String> {
        #[cfg(not(target_family = "wasm"))]
        return self.container.left_by_earlier(path);
        #[cfg(target_family = "wasm")]
        {
            let _none_can_be_there = path;
            None
        }
    }

    /// Takes over what an earlier run left.
    pub(super) fn adopt(&mut self, standing: Standing<'_>) {
        match standing {
            Standing::Folder { names, path, files, shard } => self.paths.adopt_folder(&StandingFolder {
                names: names.to_vec(),
                path: path.to_owned(),
                files,
                shard: shard.to_owned(),
            }),
            Standing::Mailbox { .. } => {}
            Standing::File(path) => {
                // What somebody has filled in stays as it is.
                self.options.documents.retain(|(document, _)| document != path);
                self.paths.adopt_file(path);
            }
        }
    }
}

/// The folder that calendars, tasks, journals or address books stand in, where mail has a place of its own.
pub(super) fn room(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Message(_) => "mail",
        ItemKind::Calendar(object) => match object.kind() {
            ComponentKind::Task => "tasks",
            ComponentKind::Journal => "journals",
            _ => "calendars",
        },
        ItemKind::Contact(_) => "contacts",
    }
}

/// `room`, and in it the folders around `folder`; and the name of that.
pub(super) fn around(room: &str, folder: &FolderPath) -> (FolderPath, String) {
    let (name, around) = folder.names().split_last().map_or(("Items", [].as_slice()), |(name, rest)| (name, rest));
    let names = [room].into_iter().chain(around.iter().map(String::as_str));
    (FolderPath::new(names.filter(|name| !name.is_empty())), name.to_owned())
}
