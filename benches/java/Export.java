import com.pff.*;
import java.io.*;
import java.nio.file.*;

/** Writes the headers, bodies and attachments of every message of a PST into a folder, with java-libpst. */
public class Export {
    static int written;

    public static void main(String[] arguments) throws Exception {
        Path out = Files.createDirectories(Path.of(arguments[1]));
        folder(new PSTFile(arguments[0]).getRootFolder(), out);
    }

    static void folder(PSTFolder folder, Path out) throws Exception {
        if (folder.getContentCount() > 0) {
            for (PSTObject child = folder.getNextChild(); child != null; child = folder.getNextChild()) {
                if (child instanceof PSTMessage message) message(message, out);
            }
        }
        if (folder.hasSubfolders()) {
            for (PSTFolder inner : folder.getSubFolders()) folder(inner, out);
        }
    }

    static void message(PSTMessage message, Path out) throws Exception {
        String name = String.valueOf(written++);
        try (Writer file = Files.newBufferedWriter(out.resolve(name + ".txt"))) {
            file.write(message.getTransportMessageHeaders());
            file.write(message.getBody());
            file.write(message.getBodyHTML());
            for (int i = 0; i < message.getNumberOfRecipients(); i++) file.write(message.getRecipient(i).getEmailAddress());
        }
        for (int i = 0; i < message.getNumberOfAttachments(); i++) {
            PSTAttachment attachment = message.getAttachment(i);
            PSTMessage embedded = attachment.getEmbeddedPSTMessage();
            if (embedded != null) {
                message(embedded, out);
                continue;
            }
            try (InputStream octets = attachment.getFileInputStream();
                    OutputStream file = new BufferedOutputStream(Files.newOutputStream(out.resolve(name + "." + i)))) {
                octets.transferTo(file);
            }
        }
    }
}
