package dev.amphora.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** A guide, followed to the letter: its files are written, compiled, and their tests run. */
final class Guide {
    private static final Pattern FILE =
            Pattern.compile("^`([\\w./-]+)`\n\n```\\w+\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

    private final Path text;
    private final Path project;

    /**
     * @param text the guide
     * @param project an empty folder to follow it in
     */
    Guide(Path text, Path project) {
        this.text = text;
        this.project = project;
    }

    /** Follows it; tells how many tests have run. */
    int follow() throws Exception {
        Map<String, String> files = files();
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = project.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
        Path classes = compile(files.keySet().stream()
                .filter(name -> name.endsWith(".java"))
                .map(project::resolve)
                .toList());
        int run = 0;
        URL[] path = {
            classes.toUri().toURL(),
            Files.createDirectories(project.resolve("src/main/resources"))
                    .toUri()
                    .toURL(),
            Files.createDirectories(project.resolve("src/test/resources"))
                    .toUri()
                    .toURL()
        };
        try (URLClassLoader loader = new URLClassLoader(path, getClass().getClassLoader())) {
            for (String name : files.keySet()) {
                if (name.endsWith("Test.java")) {
                    run += runTests(loader.loadClass(name.replace("src/test/java/", "")
                            .replace(".java", "")
                            .replace('/', '.')));
                }
            }
        }
        return run;
    }

    /** The guide installs what this build makes: the version it names is this one, and so is that of JUnit. */
    void namesTheVersionsOfThisBuild() throws IOException {
        String parent = Files.readString(Path.of("../pom.xml"));

        assertThat(files().get("pom.xml"))
                .contains("<amphora.version>" + between(parent, "<artifactId>amphora</artifactId>\n  <version>", "<")
                        + "</amphora.version>")
                .contains("<version>" + between(parent, "<junit.version>", "<") + "</version>");
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start) + start.length();
        return text.substring(from, text.indexOf(end, from));
    }

    Map<String, String> files() throws IOException {
        Map<String, String> files = new LinkedHashMap<>();
        Matcher matcher = FILE.matcher(Files.readString(text));
        while (matcher.find()) {
            files.put(matcher.group(1), matcher.group(2));
        }
        return files;
    }

    private Path compile(List<Path> sources) throws IOException {
        Path classes = Files.createDirectory(project.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of(
                    "-d", classes.toString(), "-proc:none", "-classpath", System.getProperty("java.class.path"));
            boolean compiled = compiler.getTask(
                            said, manager, null, options, null, manager.getJavaFileObjectsFromPaths(sources))
                    .call();
            assertThat(compiled).as("the compiler says: %s", said).isTrue();
        }
        return classes;
    }

    /** Runs the test methods of a class, each on an instance of its own, and tells how many there were. */
    private static int runTests(Class<?> type) throws Exception {
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        int run = 0;
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            for (Method method : each.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Test.class)) {
                    method.setAccessible(true);
                    try {
                        method.invoke(constructor.newInstance());
                    } catch (InvocationTargetException e) {
                        throw new AssertionError(
                                type.getSimpleName() + "." + method.getName() + " of the guide fails", e.getCause());
                    }
                    run++;
                }
            }
        }
        return run;
    }
}
