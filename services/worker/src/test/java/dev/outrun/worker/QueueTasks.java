package dev.outrun.worker;

import dev.outrun.schema.work.Task;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Tasks from a queue: offered one after the other, and what became of each is kept. */
final class QueueTasks implements TaskSource {

    final BlockingQueue<TaskDesk.Answer> answers = new LinkedBlockingQueue<>();
    private final BlockingQueue<Task> tasks;
    private volatile @Nullable Thread thread;

    QueueTasks(BlockingQueue<Task> tasks) {
        this.tasks = tasks;
    }

    @Override
    public void start(TaskDesk desk) {
        thread = Thread.ofVirtual().name("queue-tasks").start(() -> run(desk));
    }

    private void run(TaskDesk desk) {
        try {
            while (true) {
                answers.add(desk.offer(tasks.take()));
            }
        } catch (InterruptedException e) {
            // close() interrupts it.
        }
    }

    @Override
    public Optional<String> problem() {
        return Optional.empty();
    }

    @Override
    public void close() {
        Thread started = thread;
        if (started != null) {
            started.interrupt();
        }
    }
}
