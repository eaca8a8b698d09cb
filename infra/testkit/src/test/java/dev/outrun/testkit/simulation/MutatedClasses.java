package dev.outrun.testkit.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * All of our classes once more, one of them from a source with a bug. Libraries are everybody's.
 */
final class MutatedClasses extends ClassLoader {

    private static final String OURS = "dev.outrun.";

    private final Path mutated;

    /** Compiles the source, into this folder. */
    MutatedClasses(String className, String source, Path folder) {
        super(MutatedClasses.class.getClassLoader());
        this.mutated = folder;
        compile(className, source, folder);
    }

    private static void compile(String className, String source, Path folder) {
        JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
        URI name = URI.create("string:///" + className.replace('.', '/') + ".java");
        JavaFileObject file =
                new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        StringWriter said = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-nowarn", "-d", folder.toString(), "-cp", classPath());
        if (!compiler.getTask(said, null, null, options, null, List.of(file)).call()) {
            throw new IllegalStateException("does not compile: " + said);
        }
    }

    private static String classPath() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = bytes(name.replace('.', '/') + ".class");
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    private byte @Nullable [] bytes(String file) {
        Path own = mutated.resolve(file);
        try (InputStream in =
                Files.exists(own)
                        ? Files.newInputStream(own)
                        : getParent().getResourceAsStream(file)) {
            return in == null ? null : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
