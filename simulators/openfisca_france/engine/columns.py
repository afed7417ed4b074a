"""What crosses the pipe between the web process and an engine: numbers, in this order.

Every cell is a float64. A flag is 0 or 1, a choice is its rank (the declared order of its
words), an absent person has zeros. This file is read on both sides and imports nothing.
"""

INCOME_TAX = 1
HIRING_COST = 2

INCOME_TAX_INPUTS = (
    "situation",  # 0 single or divorced, 1 married or in a civil partnership, 2 widowed
    "salary_1", "salary_2", "pension_1", "pension_2", "work_expenses_1", "work_expenses_2",
    "property_income", "alimony_paid", "donations", "aid_donations", "home_services",
    "children", "children_shared", "disabled_children", "disabled_children_shared",
    "disabled_dependants", "adult_children", "lone_parent", "raised_child_alone",
    "disabled_1", "disabled_2", "veteran", "war_widow", "birth_year_1", "birth_year_2",
)  # fmt: skip

# OpenFisca's variables of the tax household, in euros unless said otherwise.
INCOME_TAX_OUTPUTS = (
    "impot_revenu_restant_a_payer",  # what is due, negative
    "traitements_salaires_pensions_rentes",  # sum over the persons of the household
    "rbg", "charges_deduc", "rng", "abat_spe", "rni",
    "nbptr",  # number of shares of the family quotient
    "ir_ss_qf", "ir_brut", "ir_plaf_qf", "decote_gain_fiscal", "reduction_ss_condition_revenus",
    "ip_net", "reductions", "iai", "credits_impot",
    "contribution_exceptionnelle_hauts_revenus", "correction_ir_seuils_recouvrement", "rfr",
    "ir_taux_marginal",  # share
)  # fmt: skip

HIRING_COST_INPUTS = (
    "gross_salary", "executive", "workforce", "accident_rate", "health_insurance",
    "health_insurance_employer_share", "alsace_moselle", "working_time",
)  # fmt: skip

# OpenFisca's variables of the person for one month, in euros; contributions are negative.
HIRING_COST_OUTPUTS = (
    "salaire_super_brut", "salaire_net", "salaire_imposable",
    "mmid_employeur", "allegement_cotisation_maladie", "contribution_solidarite_autonomie",
    "vieillesse_plafonnee_employeur", "vieillesse_deplafonnee_employeur", "famille",
    "allegement_cotisation_allocations_familiales", "accident_du_travail", "chomage_employeur",
    "ags", "agirc_arrco_employeur", "contribution_equilibre_general_employeur",
    "contribution_equilibre_technique_employeur", "apec_employeur", "fnal",
    "financement_organisations_syndicales", "contribution_formation_professionnelle",
    "taxe_apprentissage", "contribution_supplementaire_apprentissage",
    "participation_effort_construction", "prevoyance_obligatoire_cadre",
    "complementaire_sante_employeur", "forfait_social", "allegement_general",
    "mmid_salarie", "vieillesse_plafonnee_salarie", "vieillesse_deplafonnee_salarie",
    "agirc_arrco_salarie", "contribution_equilibre_general_salarie",
    "contribution_equilibre_technique_salarie", "apec_salarie", "complementaire_sante_salarie",
    "csg_deductible_salaire", "csg_imposable_salaire", "crds_salaire",
    "assiette_cotisations_sociales", "plafond_securite_sociale", "smic_proratise",
    "taux_allegement_general",  # share
)  # fmt: skip

WIDTHS = {
    INCOME_TAX: (len(INCOME_TAX_INPUTS), len(INCOME_TAX_OUTPUTS)),
    HIRING_COST: (len(HIRING_COST_INPUTS), len(HIRING_COST_OUTPUTS)),
}
