// A custom resource of a fictional harbour, for real API servers: in the demo and in tests.

/** A custom resource with a printer column of every type; `more` names further columns. */
export function boatsDefinition(more = []) {
  const column = (name, type, jsonPath) => ({ name, type, jsonPath })
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.harbor.example' },
    spec: {
      group: 'harbor.example',
      scope: 'Namespaced',
      names: { plural: 'boats', singular: 'boat', kind: 'Boat', listKind: 'BoatList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          additionalPrinterColumns: [
            column('Length', 'number', '.spec.length'),
            column('Crew', 'integer', '.spec.crew'),
            column('Afloat', 'boolean', '.spec.afloat'),
            column('Launched', 'date', '.spec.launched'),
            { ...column('Notes', 'string', '.spec.notes'), description: 'free text', priority: 1 },
            ...more.map((name) => column(name, 'string', `.spec.${name.toLowerCase()}`)),
          ],
        },
      ],
    },
  }
}
