package dev.outrun.teststack;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Resolves a {@link TestStack} parameter of a test's constructor, {@code @BeforeEach} method or
 * test method: the same one throughout a test, another for each test. Asked for in
 * {@code @BeforeAll} it is shared by the class's tests. The servers start with the first test that
 * asks and stop after the last test of the JVM.
 */
public final class TestStackExtension implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(TestStackExtension.class);

    /** The constructor's part is the test's, not the class's. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(
            ExtensionContext rootContext) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestStack.class;
    }

    /** JUnit closes what is in a store when the context of the store ends. */
    @Override
    public TestStack resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Store jvm = context.getRoot().getStore(NAMESPACE);
        Store test = context.getStore(NAMESPACE);
        return test.computeIfAbsent(
                        "lease",
                        key ->
                                jvm.computeIfAbsent(
                                                "servers",
                                                name -> SharedStack.start(),
                                                SharedStack.class)
                                        .lease(),
                        SharedStack.Lease.class)
                .stack();
    }
}
