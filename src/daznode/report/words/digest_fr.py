"""French wording of the weekly and monthly digest; same keys as the English one."""

from typing import Final

NARRATIVE: Final[dict[str, str]] = {
    "earned": "Sur les {period_days} jusqu'au {last_day}, le nœud a relayé {forwards_count:paiement|paiements} et gagné {revenue_sats}.",
    "net": "{cost_sats} sont allés au rééquilibrage : {net_signed_sats} net.",
    "known": "Le revenu est connu pour {known_count} jours sur {of_count}.",
    "best": "Le meilleur jour fut le {best_day}, avec {best_sats}.",
    "public": "Pour les {period_days} jusqu'au {last_day}, seules des données publiques sont connues.",
    "reports": "{reports_count:rapport|rapports} pour {of_count} jours.",
    "score_up": "Le score a gagné {change_score} et atteint {overall_score}.",
    "score_down": "Le score a perdu {change_score} et tombe à {overall_score}.",
    "score_same": "Le score est de {overall_score}, comme avant.",
    "alerts_none": "Rien ne demande votre attention.",
    "alerts_some": "{alerts_count:point demande|points demandent} votre attention.",
}
