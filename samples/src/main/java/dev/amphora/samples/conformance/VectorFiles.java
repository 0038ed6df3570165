package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Files with recordings. */
final class VectorFiles {
    private VectorFiles() {}

    /** Places with recordings, zip files among them; close it when all is read. */
    static final class Opened implements AutoCloseable {
        private final List<Path> files = new ArrayList<>();
        private final List<FileSystem> archives = new ArrayList<>();

        private Opened() {}

        /** Every file with recordings, in order. */
        List<Path> files() {
            return files;
        }

        @Override
        public void close() throws IOException {
            for (FileSystem archive : archives) {
                archive.close();
            }
        }
    }

    /**
     * The recordings at some places.
     *
     * @param parts folders such as {@code api}: a place is narrowed to the first that it has
     */
    static Opened open(List<Path> places, String... parts) throws IOException {
        Opened opened = new Opened();
        for (Path place : places) {
            Path root = place;
            if (place.toString().endsWith(".zip")) {
                FileSystem archive = FileSystems.newFileSystem(place);
                opened.archives.add(archive);
                root = archive.getPath("/");
            }
            Path whole = root;
            Path narrowed = Stream.of(parts)
                    .map(whole::resolve)
                    .filter(Files::isDirectory)
                    .findFirst()
                    .orElse(whole);
            opened.files.addAll(in(narrowed));
        }
        return opened;
    }

    /** A file that is one JSON document. */
    static JsonNode read(Path file) {
        return Trees.read(text(file));
    }

    /** A file with a JSON document on each line. */
    static List<ObjectNode> lines(Path file) {
        List<ObjectNode> lines = new ArrayList<>();
        text(file).lines().filter(line -> !line.isBlank()).forEach(line -> lines.add((ObjectNode) Trees.read(line)));
        return lines;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** The files with recordings in a folder and below it, or a file itself, in order of their paths. */
    static List<Path> in(Path place) {
        List<Path> found = new ArrayList<>();
        try {
            if (!Files.isDirectory(place)) {
                return List.of(place);
            }
            List<Path> children;
            try (Stream<Path> list = Files.list(place)) {
                children = list.sorted().toList();
            }
            children.stream().filter(VectorFiles::isRecording).forEach(found::add);
            children.stream().filter(Files::isDirectory).forEach(folder -> found.addAll(in(folder)));
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + place, e);
        }
    }

    private static boolean isRecording(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file) && (name.endsWith(".json") || name.endsWith(".jsonl"));
    }

    /** The folder below {@code api} that a file is in; the folder that it is in if there is none of that name. */
    static String topic(Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        for (int i = absolute.getNameCount() - 3; i >= 0; i--) {
            if (absolute.getName(i).toString().equals("api")) {
                return absolute.getName(i + 1).toString();
            }
        }
        Path folder = absolute.getParent();
        return folder == null || folder.getFileName() == null
                ? ""
                : folder.getFileName().toString();
    }
}
