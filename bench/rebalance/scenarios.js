/** What happens to five nodes under load. Each scenario is told when the load has settled; its share of moved keys is in theory what is named. */

export const SCENARIOS = [
  {
    name: 'node added to five',
    theory: (n) => 1 / (n + 1),
    afterMs: 4_000,
    act: ({ client, spare }) => client.add(spare),
  },
  {
    name: 'node drained',
    theory: (n) => 1 / n,
    afterMs: 4_000,
    act: ({ client, nodes }) => client.remove(nodes[1].name),
  },
  {
    name: 'node reweighted to 2',
    theory: (n) => 2 / (n + 1) - 1 / n,
    afterMs: 4_000,
    act: ({ client, nodes }) => client.reweight(nodes[2].name, 2),
  },
  {
    name: 'node killed',
    theory: (n) => 1 / n,
    afterMs: 4_000,
    act: ({ nodes }) => nodes[0].kill(),
  },
  {
    name: 'node readmitted',
    theory: (n) => 1 / n,
    afterMs: 5_000,
    before: async ({ nodes, wait }) => {
      await nodes[0].pause();
      await wait(1_500);
    },
    act: ({ nodes }) => nodes[0].resume(),
  },
  {
    name: 'node flapping every 2 s',
    theory: (n) => 1 / n,
    afterMs: 9_000,
    act: async ({ nodes, wait }) => {
      for (let i = 0; i < 2; i++) {
        await nodes[0].pause();
        await wait(2_000);
        await nodes[0].resume();
        await wait(2_000);
      }
    },
  },
];
