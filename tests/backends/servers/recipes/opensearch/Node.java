// SPDX-License-Identifier: Apache-2.0
// The runner's own main(), but for a node that takes documents through ingest pipelines, too.
import org.codelibs.opensearch.runner.OpenSearchRunner;

public class Node {
    public static void main(String[] arguments) throws InterruptedException {
        OpenSearchRunner runner = new OpenSearchRunner();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        runner.onBuild((number, settings) ->
            settings.putList("node.roles", "cluster_manager", "data", "ingest"));
        runner.build(arguments);
        runner.ensureYellow();
        Thread.currentThread().join();
    }
}
