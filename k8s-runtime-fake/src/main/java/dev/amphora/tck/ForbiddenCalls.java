package dev.amphora.tck;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds calls to clocks, threads and random numbers in the code of a class, of those within it, of its superclasses, and of the classes of
 * the same package that it uses. Reads their constant pools, where each method that they call or refer to is named.
 */
final class ForbiddenCalls {
    private static final Pattern FORBIDDEN = Pattern.compile(String.join(
            "|",
            "java\\.time\\.\\w+\\.now",
            "java\\.time\\.(Clock|InstantSource)\\.(system|tick)\\w*",
            "java\\.lang\\.System\\.(currentTimeMillis|nanoTime|identityHashCode)",
            "java\\.util\\.Date\\.<init>\\(\\)V",
            "java\\.util\\.Calendar\\.getInstance",
            "java\\.lang\\.Thread\\.(<init>|start|startVirtualThread|ofVirtual|ofPlatform|sleep|onSpinWait|yield)",
            "java\\.util\\.(Timer|Random|SplittableRandom)\\.<init>",
            "java\\.security\\.SecureRandom\\.\\S+",
            "java\\.util\\.random\\.RandomGenerator(Factory)?\\.(of|getDefault|create)",
            "java\\.util\\.concurrent\\.ThreadLocalRandom\\.\\S+",
            "java\\.util\\.UUID\\.randomUUID",
            "java\\.lang\\.Math\\.random",
            "java\\.util\\.Collections\\.shuffle\\(Ljava/util/List;\\)V",
            "java\\.util\\.concurrent\\.(Executors|ForkJoinPool|ThreadPoolExecutor|ScheduledThreadPoolExecutor)\\.\\S+",
            "java\\.util\\.concurrent\\.CompletableFuture\\.(\\w+Async|delayedExecutor|orTimeout|completeOnTimeout)",
            "\\S+\\.(parallelStream\\(\\)|parallel\\(\\))Ljava/util/stream/\\S+"));

    private final Class<?> root;
    private final Set<String> enclosing = new HashSet<>();
    private final Set<String> seen = new HashSet<>();
    private final Deque<String> ahead = new ArrayDeque<>();
    private final Set<String> found = new TreeSet<>();

    private ForbiddenCalls(Class<?> root) {
        this.root = root;
        for (Class<?> outer = root.getEnclosingClass(); outer != null; outer = outer.getEnclosingClass()) {
            enclosing.add(outer.getName());
        }
    }

    /** The calls, as {@code caller calls method}; empty if there are none. */
    static Set<String> in(Class<?> root) {
        ForbiddenCalls calls = new ForbiddenCalls(root);
        for (Class<?> each = root; each != null && each != Object.class; each = each.getSuperclass()) {
            calls.visit(each.getName());
        }
        while (!calls.ahead.isEmpty()) {
            calls.read(calls.ahead.remove());
        }
        return calls.found;
    }

    private void visit(String className) {
        if (!enclosing.contains(className) && seen.add(className)) {
            ahead.add(className);
        }
    }

    private void read(String className) {
        String file = "/" + className.replace('.', '/') + ".class";
        try (InputStream in = root.getResourceAsStream(file)) {
            if (in != null) {
                read(className, new DataInputStream(in));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The constant pool as chapter 4.4 of the Java Virtual Machine Specification lays it out. */
    private void read(String className, DataInputStream in) throws IOException {
        in.readInt();
        in.readInt();
        int count = in.readUnsignedShort();
        @Nullable String[] texts = new @Nullable String[count];
        int[] first = new int[count];
        int[] second = new int[count];
        Set<Integer> classes = new LinkedHashSet<>();
        Set<Integer> methods = new LinkedHashSet<>();
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[i] = in.readUTF();
                case 3, 4 -> in.readInt();
                case 5, 6 -> {
                    in.readLong();
                    i++; // takes two places
                }
                case 7 -> {
                    first[i] = in.readUnsignedShort();
                    classes.add(i);
                }
                case 8, 16, 19, 20 -> first[i] = in.readUnsignedShort();
                case 9, 12, 17, 18 -> {
                    first[i] = in.readUnsignedShort();
                    second[i] = in.readUnsignedShort();
                }
                case 10, 11 -> {
                    first[i] = in.readUnsignedShort();
                    second[i] = in.readUnsignedShort();
                    methods.add(i);
                }
                case 15 -> {
                    in.readUnsignedByte();
                    in.readUnsignedShort();
                }
                default -> throw new IOException("unknown constant " + tag + " in " + className);
            }
        }
        for (int each : classes) {
            String used = String.valueOf(texts[first[each]]).replace('/', '.');
            if (used.startsWith(root.getPackageName() + ".")
                    && used.lastIndexOf('.') == root.getPackageName().length()) {
                visit(used);
            }
        }
        for (int each : methods) {
            String owner = String.valueOf(texts[first[first[each]]]).replace('/', '.');
            int nameAndType = second[each];
            String method = owner + "." + texts[first[nameAndType]];
            String described = method + texts[second[nameAndType]];
            if (FORBIDDEN.matcher(method).matches()
                    || FORBIDDEN.matcher(described).matches()) {
                found.add(className + " calls " + method);
            }
        }
    }
}
