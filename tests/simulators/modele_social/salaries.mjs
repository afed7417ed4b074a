// modele-social by itself. Reads {package, reduction, month, employees} on the standard input and
// writes [cost, net, general reduction] of each employee, in euros a month.
import Engine from 'publicodes'

const asked = JSON.parse(await new Response(process.stdin).text())
const rules = (await import(asked.package)).default
const quiet = { log() {}, warn() {}, error() {} }
const engine = new Engine(rules, { logger: quiet })
const [year, month] = asked.month.split('-')
const found = asked.employees.map((one) => {
  engine.setSituation({
    date: `01/${month}/${year}`,
    'salarié . contrat . salaire brut': `${one.gross_salary} €/mois`,
    'salarié . contrat . statut cadre': one.executive ? 'oui' : 'non',
    'entreprise . salariés . effectif': `${one.workforce} employés`,
    'établissement . taux ATMP': `${(one.accident_rate * 100).toFixed(4)} %`,
  })
  return [
    'salarié . coût total employeur',
    'salarié . rémunération . net . à payer avant impôt',
    asked.reduction,
  ].map((name) => engine.evaluate(name).nodeValue || 0)
})
process.stdout.write(JSON.stringify(found))
